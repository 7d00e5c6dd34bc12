"""Training over ranks: the same batches, hence the same records, as on one rank."""

from functools import cache

import numpy as np
import pytest
import torch

from phi4hpc.blockspin import learner, modelfile, shards
from phi4hpc.blockspin.autoencoder import build
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.learner import Learner
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.trainer import Settings, Trainer
from phi4hpc.deck.parts import length, split
from phi4hpc.errors import UserError
from phi4hpc.lattice import observable
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.parallel.world import world
from tests.autoencoders import cost, model, moved, network
from tests.stopping import StopAt

pytestmark = pytest.mark.mpi(min_size=2)
BATCH = 25  # divides by no number of ranks in use
STEPS = 10  # in an epoch
RECONSTRUCTION = (cost('reconstruction'),)


@pytest.fixture(scope='module')
def alone():
    from mpi4py import MPI

    return MPI.COMM_SELF


@pytest.fixture
def shared(tmp_path):
    """A directory that all ranks know."""
    return world().bcast(tmp_path)


def ensemble():
    """Domains of +1 and -1, as phi (kappa, chain, draw, y, x)."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((1, 3, 121, 8, 8))
    return np.sign(sum(np.roll(noise, (y, x), (-2, -1)) for y in range(3) for x in range(3)))


def trained(comm, folder, family='dense', costs=RECONSTRUCTION, control=None):
    """Train a model of d = 9; return (record, network)."""
    hidden = {'hidden': 32} if family == 'dense' else {}
    phi_kcnyx, made = ensemble(), model(family, 9, 8, **hidden)
    first, *held_out = split(phi_kcnyx.shape[2], 0.2)
    strata = shards.strata(phi_kcnyx.shape[1] * length(first), BATCH, comm.size, comm.rank)
    train_nyx = shards.read_train(phi_kcnyx, 0, first, strata)
    parts = (shards.read_share(phi_kcnyx, 0, part, comm.size, comm.rank) for part in held_out)
    known = MeasuredEnsemble(8, made.kappa, 0.02, common_propagator(comm, train_nyx),
                             seed_of(1, made.name))
    shares = shards.Shares(strata, train_nyx, *parts)
    objective = Objective(costs, observable.Ensemble(8, 0.24, 0.02))
    net, optimum = (build(each.settings, made.latent, known)
                    for each in (made, model('fourier', made.latent, 8)))
    settings = Settings(epochs=4, patience=9, rate=3e-3, seed=1, folder=folder)
    with process_group(comm):
        trainer = Trainer(comm, made, net, optimum, shares, objective, settings, control)
        return trainer.run(), net


@pytest.fixture(scope='module')
def training(tmp_path_factory, alone):
    """Return a function that trains a family, on all ranks or on one alone, each once.

    It gives (record, network, folder).
    """
    @cache
    def once(family='dense', together=True):
        comm = world() if together else alone
        folder = comm.bcast(tmp_path_factory.mktemp(family))
        return *trained(comm, folder, family), folder

    return once


def stopped(comm, folder, step):
    with pytest.raises(Stopped, match='in L008_k0.24_dense_d9_hidden32'):
        trained(comm, folder, control=StopAt(step))


def compared(found, expected, path=''):
    """Hold a record against another, to rounding; times aside."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys()
        for key in expected.keys() - {'seconds'}:
            compared(found[key], expected[key], f'{path}.{key}')
    elif isinstance(expected, str):
        assert found == expected
    else:
        # An error is made of small differences of losses, which keep fewer digits.
        rtol = 1e-2 if path.endswith('error') else 1e-5
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-6, err_msg=path)


@pytest.mark.parametrize('family', ['fourier', 'kadanoff', 'dense'])
def test_any_number_of_ranks_trains_the_same_model(training, family):
    record, net, _ = training(family)
    expected, expected_net, _ = training(family, together=False)
    compared(record, expected)
    # Adam turns a gradient that is nothing but rounding into a step, so compare what the models do.
    x_nD = torch.from_numpy(ensemble()[0, 0]).float().flatten(1)
    torch.testing.assert_close(net(x_nD), expected_net(x_nD), rtol=0, atol=2e-3)


@pytest.mark.parametrize(('names', 'hook', 'device'), [
    (['reconstruction'], learner.sum_by_mpi, 'cpu'),
    (['magnetisation'], learner.sum_by_mpi, 'cpu'),
    (['reconstruction', 'magnetisation'], learner.sum_by_mpi, 'cpu'),
    # Gloo stands in for NCCL, which needs GPUs.
    (['reconstruction', 'magnetisation'], learner.sum_by_nccl, 'cpu'),
    # The ranks share it.
    pytest.param(['reconstruction', 'magnetisation'], learner.sum_by_mpi, 'cuda:0',
                 marks=pytest.mark.cuda)])
def test_the_gradient_of_a_step_does_not_depend_on_the_number_of_ranks(alone, names, hook, device,
                                                                       monkeypatch):
    """Also where a cost is no mean over draws: a rank's share of the draws then decides nothing by
    itself.
    """
    if device != 'cpu' and not torch.cuda.is_available():
        pytest.skip('torch finds no GPU')
    monkeypatch.setattr(learner, 'sum_by_mpi', hook)
    x_nD = torch.randn(BATCH, 64, generator=torch.Generator().manual_seed(1)).to(device) + 0.3
    costs = [cost(name, weight=0.7) for name in names]

    def gradients(comm):
        share = slice(*block(BATCH, comm.size, comm.rank))
        net = moved(network('dense', 9, 8)).to(device)
        with process_group(comm, device):
            objective = Objective(costs, observable.Ensemble(8, 0.24, 0.02))
            values = Learner(comm, net, objective, 1e-3).step(x_nD[share], BATCH)
        return values, [weight.grad for weight in net.parameters()]

    values, ours = gradients(world())
    expected, exact = gradients(alone)
    assert values == pytest.approx(expected, rel=1e-5)
    for one, other in zip(ours, exact, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6 * other.abs().max().item())


def test_all_ranks_begin_with_the_weights_of_the_first():
    net = moved(network('dense', 9, 8), by=world().rank)
    objective = Objective([cost('reconstruction')], observable.Ensemble(8, 0.24, 0.02))
    with process_group(world()):
        Learner(world(), net, objective, 1e-3)
    for ours, first in zip(net.parameters(), network('dense', 9, 8).parameters(), strict=True):
        assert torch.equal(ours, first)


def test_all_ranks_end_with_the_same_bits(training):
    record, net, folder = training()
    made = model('dense', 9, 8, hidden=32)
    saved = modelfile.load(folder / f'{made.name}.pt', made)
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), saved.parameters(), strict=True))
    assert world().allgather({**record, 'seconds': 0}) == world().size * [{**record, 'seconds': 0}]


@pytest.mark.parametrize('step', [STEPS + 3, 2 * STEPS],
                         ids=['within an epoch', 'at its last step'])
def test_a_training_that_was_stopped_resumes_to_the_same_bits(training, shared, step):
    whole, net, _ = training()
    assert whole['steps'] == 4 * STEPS
    for last in (step, 2):
        stopped(world(), shared, last)
        world().Barrier()
    assert (shared / 'L008_k0.24_dense_d9_hidden32.ckpt').exists()
    resumed, again = trained(world(), shared)
    assert {**resumed, 'seconds': 0} == {**whole, 'seconds': 0}
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_a_training_that_was_stopped_goes_on_on_fewer_ranks(training, alone, shared):
    stopped(world(), shared, STEPS + 3)
    if world().rank == 0:
        whole, *_ = training(together=False)
        resumed, _ = trained(alone, shared)
        np.testing.assert_allclose(resumed['train_losses'], whole['train_losses'], rtol=1e-5)
    world().Barrier()


def test_a_batch_smaller_than_the_world_is_an_error_on_every_rank():
    with pytest.raises(UserError, match=r'train\.batch'):
        shards.strata(100, world().size - 1, world().size, world().rank)
