"""Training on one rank: never worse than the linear optimum, better if not Gaussian, and repeatable."""

import numpy as np
import pytest
import torch
from mpi4py import MPI

from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.families import build
from phi4hpc.blockspin.optimum import linear_optimum
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.trainer import train
from tests.stopping import StopAt

SIZE, LATENT = 8, 9


@pytest.fixture(scope='module')
def comm():
    with process_group(MPI.COMM_SELF):
        yield MPI.COMM_SELF


def smooth_field(rng, n):
    """Gaussian, translation-invariant configurations of unit variance; neighbours are much alike."""
    cosine = np.cos(2 * np.pi * np.arange(SIZE) / SIZE)
    amplitude_yx = 1 / (1 - 0.48 * (cosine[:, None] + cosine))
    amplitude_yx *= SIZE / np.linalg.norm(amplitude_yx)
    return np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, SIZE, SIZE))) * amplitude_yx).real


def domains(rng, n):
    """Fields of +1 and -1 in domains: as far from Gaussian as it gets."""
    return np.sign(smooth_field(rng, n))


def trained(comm, path, ensemble, family, **changes):
    """Train on 600 draws of an ensemble, validate and test on 400 each; return (record, model)."""
    rng = np.random.default_rng(1)
    train_nyx, valid_nyx, test_nyx = (ensemble(rng, n) for n in (600, 400, 400))
    model = build(family, linear_optimum(comm, train_nyx, LATENT), hidden=48, seed=1)
    settings = {'epochs': 6, 'batch': 50, 'rate': 3e-3, 'seed': 1} | changes
    return train(comm, model, train_nyx, valid_nyx, test_nyx, path=str(path), **settings), model


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))


@pytest.mark.parametrize('family', ['linear', 'dense'])
@pytest.mark.parametrize('rate', [1e-3, 0.3])
def test_training_never_ends_worse_than_the_linear_optimum(comm, tmp_path, family, rate):
    """Not even at a rate that wrecks the model: then the start is kept."""
    record, model = trained(comm, tmp_path / 'm.pt', smooth_field, family, rate=rate, epochs=2)
    validated = record['validation_losses']
    assert record['best_epoch'] == np.argmin(validated)
    assert record['ratio'] <= 1 + 3 * record['ratio_error']
    assert same_weights(modelfile.load(str(tmp_path / 'm.pt')), model)
    if rate > 0.1:
        assert max(validated) > validated[0]


def test_what_is_told_of_a_model_comes_from_the_test_draws(comm, tmp_path):
    """Draws twice as large as those that trained and validated it have four times the loss of a linear map."""
    size = iter([1, 1, 2])
    record, _ = trained(comm, tmp_path / 'm.pt', lambda *of: next(size) * smooth_field(*of), 'linear', epochs=1)
    assert record['loss'] / min(record['validation_losses']) == pytest.approx(4, rel=0.1)
    assert record['linear_optimum'] / record['validation_losses'][0] == pytest.approx(4, rel=0.1)
    assert (record['train_draws'], record['test_draws']) == (600, 400)


def test_a_dense_autoencoder_gains_where_the_ensemble_is_not_gaussian(comm, tmp_path):
    record, _ = trained(comm, tmp_path / 'm.pt', domains, 'dense', epochs=15)
    assert record['ratio'] < 0.95
    assert record['ratio'] + 5 * record['ratio_error'] < 1
    assert record['train_losses'][-1] < record['train_losses'][0]


def test_on_a_gaussian_ensemble_nothing_is_gained(comm, tmp_path):
    record, _ = trained(comm, tmp_path / 'm.pt', smooth_field, 'dense')
    assert record['ratio'] > 0.99


def test_training_is_repeatable_and_its_seed_matters(comm, tmp_path):
    (first, a), (again, b) = (trained(comm, tmp_path / 'm.pt', domains, 'dense') for _ in range(2))
    other, c = trained(comm, tmp_path / 'm.pt', domains, 'dense', seed=2)
    assert same_weights(a, b)
    assert first['train_losses'] == again['train_losses'] != other['train_losses']
    assert not same_weights(a, c)


@pytest.mark.parametrize('step', [5, 12, 4 * 12 + 1], ids=['before its first epoch', 'after it', 'later'])
def test_a_training_that_was_stopped_resumes_to_the_same_bits(comm, tmp_path, step):
    whole, model = trained(comm, tmp_path / 'm.pt', domains, 'dense', tensorboard=str(tmp_path / 'board'))
    path, board = tmp_path / 'halves' / 'm.pt', str(tmp_path / 'halves_board')
    path.parent.mkdir()
    stopped, _ = trained(comm, path, domains, 'dense', control=StopAt(step), tensorboard=board)
    assert stopped is None
    assert [entry.name for entry in path.parent.iterdir()] == ['m.ckpt']
    resumed, again = trained(comm, path, domains, 'dense', tensorboard=board)
    assert [entry.name for entry in path.parent.iterdir()] == ['m.pt']
    assert same_weights(model, again)
    assert {**resumed, 'seconds': 0} == {**whole, 'seconds': 0}
    assert points(board) == points(tmp_path / 'board')


def test_a_checkpoint_of_other_settings_is_not_used(comm, tmp_path):
    trained(comm, tmp_path / 'm.pt', domains, 'dense', control=StopAt(1))
    record, _ = trained(comm, tmp_path / 'm.pt', domains, 'dense', epochs=2)
    assert len(record['train_losses']) == 2


def points(board):
    """Return {tag: [(epoch, value)]} of a directory of TensorBoard's."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(board)).Reload()
    return {tag: [(point.step, point.value) for point in events.Scalars(tag)] for tag in events.Tags()['scalars']}


def test_tensorboard_gets_a_point_an_epoch(comm, tmp_path):
    record, _ = trained(comm, tmp_path / 'm.pt', domains, 'linear', tensorboard=str(tmp_path / 'board'))
    epochs, values = zip(*points(tmp_path / 'board')['loss/validation'], strict=True)
    assert epochs == (1, 2, 3, 4, 5, 6)
    np.testing.assert_allclose(values, record['validation_losses'][1:], rtol=1e-6)
