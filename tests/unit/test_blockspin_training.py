"""Training on one rank: never worse than its start, better than linear where not Gaussian, and
repeatable.
"""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from mpi4py import MPI

from phi4hpc.blockspin import modelfile, pace
from phi4hpc.blockspin.autoencoder import build
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.learner import Diverged, Learner
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.record import sentence
from phi4hpc.blockspin.shards import Shares, strata
from phi4hpc.blockspin.trainer import Settings, Trainer
from phi4hpc.lattice import observable
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.statistics.shown import value_error
from tests.autoencoders import cost, model
from tests.stopping import StopAt

SIZE, LATENT, BATCH = 8, 9, 50
RECONSTRUCTION = (cost('reconstruction'),)


@pytest.fixture(scope='module')
def comm():
    with process_group(MPI.COMM_SELF):
        yield MPI.COMM_SELF


def smooth_field(rng, n):
    """Gaussian, translation-invariant configurations of unit variance; neighbours are much alike.
    """
    cosine = np.cos(2 * np.pi * np.arange(SIZE) / SIZE)
    amplitude_yx = 1 / (1 - 0.48 * (cosine[:, None] + cosine))
    amplitude_yx *= SIZE / np.linalg.norm(amplitude_yx)
    return np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, SIZE, SIZE))) * amplitude_yx).real


def domains(rng, n):
    """Fields of +1 and -1 in domains: as far from Gaussian as it gets."""
    return np.sign(smooth_field(rng, n))


def trained(comm, folder, ensemble, family, *, control=None, costs=RECONSTRUCTION, **changes):
    """Train on 600 draws of an ensemble, validate and test on 400 each; return (record, network).
    """
    rng = np.random.default_rng(1)
    shares = Shares(strata(600, BATCH), *(ensemble(rng, n) for n in (600, 400, 400)))
    usual = Settings(epochs=6, patience=99, rate=3e-3, seed=1, folder=folder)
    settings = dataclasses.replace(usual, **changes)
    made = model(family, LATENT, SIZE, **({'hidden': 48} if family == 'dense' else {}))
    known = MeasuredEnsemble(SIZE, made.kappa, 0.02, common_propagator(comm, shares.train_nyx),
                     seed_of(1, made.name))
    network, optimum = (build(each.settings, made.latent, known)
                        for each in (made, model('fourier', made.latent, SIZE)))
    objective = Objective(costs, observable.Ensemble(SIZE, 0.24, 0.02))
    trainer = Trainer(comm, made, network, optimum, shares, objective, settings, control)
    return trainer.run(), network


def stopped(comm, folder, ensemble, family, step, **changes):
    with pytest.raises(Stopped, match='stopped in L008_k0.24_'):
        trained(comm, folder, ensemble, family, control=StopAt(step), **changes)


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


@pytest.mark.parametrize('rate', [1e-3, 0.3])
def test_training_never_ends_worse_than_it_started(comm, tmp_path, rate):
    """Not even at a rate that wrecks the model: then the start is kept, which is the linear
    optimum.
    """
    record, network = trained(comm, tmp_path, smooth_field, 'dense', rate=rate, epochs=2)
    validated = record['validation_losses']
    assert record['best_epoch'] == np.argmin(validated)
    assert record['ratio'] <= 1 + 3 * record['ratio_error']
    assert validated[0] == pytest.approx(record['validation_optimum'], rel=1e-6)
    made = model('dense', LATENT, SIZE, hidden=48)
    assert same_weights(modelfile.load(tmp_path / f'{made.name}.pt', made), network)
    if rate > 0.1:
        assert max(validated) > validated[0]


def test_a_family_that_is_not_trained_is_left_as_it_starts_and_only_measured(comm, tmp_path):
    record, _ = trained(comm, tmp_path, smooth_field, 'fourier')
    assert not record['trained']
    assert record['converged']
    assert (record['best_epoch'], record['steps'], record['train_losses']) == (0, 0, [])
    assert (record['ratio'], record['ratio_error']) == (1.0, 0.0)
    assert record['loss'] == record['linear_optimum']
    assert [entry.name for entry in tmp_path.iterdir()] == ['L008_k0.24_fourier_d9.pt']
    assert '1.0000' not in sentence(record)
    assert 'which is that of the linear optimum' in sentence(record)


def test_kadanoffs_blocks_are_held_against_the_linear_optimum(comm, tmp_path):
    record, _ = trained(comm, tmp_path, smooth_field, 'kadanoff')
    assert record['ratio'] > 1 + 5 * record['ratio_error'] > 1
    assert record['validation_losses'][0] > record['validation_optimum']
    assert value_error(record['ratio'], record['ratio_error']) in sentence(record)


def test_what_is_said_of_a_model_comes_from_the_test_draws(comm, tmp_path):
    """Draws twice as large as those that trained and validated it have four times the loss of a
    linear map.
    """
    size = iter([1, 1, 2])
    record, _ = trained(comm, tmp_path, lambda *of: next(size) * smooth_field(*of), 'fourier')
    assert record['loss'] / min(record['validation_losses']) == pytest.approx(4, rel=0.1)
    assert record['linear_optimum'] / record['validation_optimum'] == pytest.approx(4, rel=0.1)
    assert (record['train_draws'], record['test_draws']) == (600, 400)


def test_a_dense_autoencoder_gains_where_the_ensemble_is_not_gaussian(comm, tmp_path):
    record, _ = trained(comm, tmp_path, domains, 'dense', epochs=15)
    assert record['ratio'] < 0.95
    assert record['ratio'] + 5 * record['ratio_error'] < 1
    assert record['train_losses'][-1] < record['train_losses'][0]


def test_on_a_gaussian_ensemble_nothing_is_gained(comm, tmp_path):
    record, _ = trained(comm, tmp_path, smooth_field, 'dense')
    assert record['ratio'] > 0.99


def test_a_training_that_its_cap_ends_is_not_called_converged(comm, tmp_path):
    record, _ = trained(comm, tmp_path, domains, 'dense')
    assert (len(record['train_losses']), record['converged']) == (6, False)
    said = 'not converged, for no plateau was seen in 6 epochs: raise train.epochs'
    assert sentence(record).endswith(said)


def test_a_training_ends_once_nothing_is_gained_for_long(comm, tmp_path):
    """On a Gaussian ensemble the start is the optimum: the plateau is seen at once, and the rate
    then falls.
    """
    record, _ = trained(comm, tmp_path, smooth_field, 'dense', epochs=200, patience=4,
                        boards=tmp_path / 'boards')
    epochs = len(record['train_losses'])
    assert record['converged']
    assert 5 <= epochs < 40
    rates = [rate for _, rate in points(tmp_path / 'boards')['rate']]
    assert rates[-1] < 0.1 * max(rates)


def test_a_training_that_diverges_says_so(comm, tmp_path):
    with pytest.raises(Diverged, match='reconstruction is nan'):
        trained(comm, tmp_path, lambda rng, n: smooth_field(rng, n) * np.nan, 'dense')


def test_training_is_repeatable_and_its_seed_matters(comm, tmp_path):
    (first, a), (again, b) = (trained(comm, tmp_path, domains, 'dense') for _ in range(2))
    other, c = trained(comm, tmp_path, domains, 'dense', seed=2)
    assert same_weights(a, b)
    assert first['train_losses'] == again['train_losses'] != other['train_losses']
    assert not same_weights(a, c)


@pytest.mark.parametrize('step', [5, 12, 4 * 12 + 1],
                         ids=['before its first epoch', 'after it', 'later'])
def test_a_training_that_was_stopped_resumes_to_the_same_bits(comm, tmp_path, step):
    costs = cost('reconstruction'), cost('magnetisation', weight=0.1)
    folder, boards, whole_boards = (tmp_path / name for name in ('halves', 'boards', 'whole'))
    whole, network = trained(comm, tmp_path, domains, 'dense', boards=whole_boards, costs=costs)
    folder.mkdir()
    stopped(comm, folder, domains, 'dense', step, boards=boards, costs=costs)
    assert [entry.suffix for entry in folder.iterdir()] == ['.ckpt']
    resumed, again = trained(comm, folder, domains, 'dense', boards=boards, costs=costs)
    assert [entry.suffix for entry in folder.iterdir()] == ['.pt']
    assert same_weights(network, again)
    assert {**resumed, 'seconds': 0} == {**whole, 'seconds': 0}
    assert points(boards) == points(whole_boards)


def test_a_training_goes_back_to_its_best_weights_where_it_has_blown_up(comm, tmp_path,
                                                                         monkeypatch):
    """Here every rise counts as that. A training that is stopped later resumes to the same bits."""
    settings = {'rate': 0.03, 'epochs': 10}
    stayed, _ = trained(comm, tmp_path, domains, 'dense', **settings)
    monkeypatch.setattr(pace, 'RISE', 1.0)
    whole, network = trained(comm, tmp_path, domains, 'dense', **settings)
    losses, returns = whole['validation_losses'], whole['returns']
    assert returns == [epoch for epoch in range(1, 11) if losses[epoch] > min(losses[:epoch])]
    assert min(returns) > 1
    after = returns[0] + 1
    assert stayed['validation_losses'][:after] == losses[:after]
    assert stayed['validation_losses'][after] != losses[after]
    stopped(comm, tmp_path, domains, 'dense', 12 * returns[0] + 5, **settings)
    resumed, again = trained(comm, tmp_path, domains, 'dense', **settings)
    assert same_weights(network, again)
    assert {**resumed, 'seconds': 0} == {**whole, 'seconds': 0}


def test_a_learner_that_goes_back_is_as_it_was_at_those_weights(comm):
    """Adam's moments are of the gradients since, so the next step is that of a new optimiser."""
    made = model('dense', LATENT, SIZE, hidden=48)
    known = MeasuredEnsemble(SIZE, made.kappa, 0.02, np.ones((SIZE, SIZE)), (1,))
    x_nD = torch.from_numpy(domains(np.random.default_rng(1), BATCH)).float().flatten(1)
    networks = [build(made.settings, made.latent, known) for _ in range(2)]
    first, other = (Learner(comm, network,
                            Objective(RECONSTRUCTION, observable.Ensemble(SIZE, 0.24, 0.02)), 0.01)
                    for network in networks)
    weights = copy.deepcopy(networks[0].state_dict())
    for _ in range(3):
        first.step(x_nD, BATCH)
    assert not same_weights(*networks)
    first.go_back(weights)
    assert same_weights(*networks)
    first.step(x_nD, BATCH), other.step(x_nD, BATCH)
    assert same_weights(*networks)


@pytest.mark.parametrize('changes', [{'epochs': 2},
                                     {'costs': (cost('reconstruction', weight=2.0),)}])
def test_a_checkpoint_of_another_training_is_not_used(comm, tmp_path, changes):
    stopped(comm, tmp_path, domains, 'dense', 1)
    record, _ = trained(comm, tmp_path, domains, 'dense', **changes)
    (tmp_path / 'anew').mkdir()
    anew, _ = trained(comm, tmp_path / 'anew', domains, 'dense', **changes)
    assert record['train_losses'] == anew['train_losses']


def test_a_record_holds_every_cost(comm, tmp_path):
    costs = (cost('magnetisation', weight=0.5),)
    record, _ = trained(comm, tmp_path, domains, 'dense', costs=costs)
    assert set(record['costs']) == {'reconstruction', 'magnetisation'}
    found = record['costs']['magnetisation']
    assert found['weight'] == 0.5
    assert found['error'] > 0
    assert len(found['train_losses']) == len(found['validation_losses']) - 1 == 6
    np.testing.assert_allclose(record['validation_losses'],
                               0.5 * np.array(found['validation_losses']))
    assert record['costs']['reconstruction']['weight'] == 0.0
    assert record['costs']['reconstruction']['value'] == record['loss']


def points(boards):
    """Return {tag: [(epoch, value)]} of the one model in a folder of TensorBoard's folders."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, = boards.iterdir()
    events = EventAccumulator(str(folder)).Reload()
    return {tag: [(point.step, point.value) for point in events.Scalars(tag)]
            for tag in events.Tags()['scalars']}


def test_tensorboard_gets_a_point_an_epoch_of_every_cost(comm, tmp_path):
    boards = tmp_path / 'boards'
    record, _ = trained(comm, tmp_path, domains, 'dense', boards=boards,
                        costs=(cost('magnetisation'),))
    found = points(boards)
    epochs, values = zip(*found['loss/validation'], strict=True)
    assert epochs == (1, 2, 3, 4, 5, 6)
    np.testing.assert_allclose(values, record['validation_losses'][1:], rtol=1e-6)
    of_costs = {f'{name}/{part}' for name in record['costs'] for part in ('train', 'validation')}
    assert set(found) == {'loss/train', 'loss/validation', 'loss/ratio_to_linear_optimum', 'rate',
                          *of_costs}
