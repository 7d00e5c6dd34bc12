"""Training over ranks: the same batches, hence the same records, as on one rank."""

import numpy as np
import pytest
import torch

from phi4hpc.blockspin import modelfile, shards
from phi4hpc.blockspin.families import build
from phi4hpc.blockspin.optimum import linear_optimum
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.trainer import train
from phi4hpc.deck.parts import split
from phi4hpc.errors import UserError
from phi4hpc.parallel.world import world
from tests.stopping import StopAt

pytestmark = pytest.mark.mpi(min_size=2)
BATCH = 25  # divides by no number of ranks in use
STEPS = 10  # in an epoch


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


def trained(comm, path, family='dense', **changes):
    phi_kcnyx = ensemble()
    first, *held_out = split(phi_kcnyx.shape[2], 0.2)
    train_nyx = shards.read_train(phi_kcnyx, 0, first, BATCH, comm.size, comm.rank)
    valid_nyx, test_nyx = (shards.read_share(phi_kcnyx, 0, part, comm.size, comm.rank) for part in held_out)
    model = build(family, linear_optimum(comm, train_nyx, 9), hidden=32, seed=1)
    settings = {'epochs': 4, 'batch': BATCH, 'rate': 3e-3, 'seed': 1} | changes
    with process_group(comm):
        return train(comm, model, train_nyx, valid_nyx, test_nyx, path=str(path), **settings), model


@pytest.mark.parametrize('family', ['linear', 'dense'])
def test_any_number_of_ranks_trains_the_same_model(alone, shared, tmp_path, family):
    (tmp_path / 'alone').mkdir()
    record, model = trained(world(), shared / 'm.pt', family)
    expected, expected_model = trained(alone, tmp_path / 'alone' / 'm.pt', family)
    for key, value in expected.items():
        if key == 'seconds':
            continue
        if isinstance(value, str):
            assert record[key] == value
        else:
            # an error is made of small differences of losses, which keep fewer digits
            rtol = 1e-2 if key.endswith('error') else 1e-5
            np.testing.assert_allclose(record[key], value, rtol=rtol, atol=1e-6, err_msg=key)
    # Adam turns a gradient that is nothing but rounding into a step, so compare what the models do
    x_nD = torch.from_numpy(ensemble()[0, 0]).float().flatten(1)
    torch.testing.assert_close(model(x_nD), expected_model(x_nD), rtol=0, atol=2e-3)


def test_all_ranks_end_with_the_same_bits(shared):
    record, model = trained(world(), shared / 'm.pt')
    saved = modelfile.load(str(shared / 'm.pt'))
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), saved.parameters(), strict=True))
    assert world().allgather({**record, 'seconds': 0}) == world().size * [{**record, 'seconds': 0}]


@pytest.mark.parametrize('step', [STEPS + 3, 2 * STEPS], ids=['within an epoch', 'at its last step'])
def test_a_training_that_was_stopped_resumes_to_the_same_bits(shared, step):
    for part in ('whole', 'pieces'):
        (shared / part).mkdir(exist_ok=True)
    whole, model = trained(world(), shared / 'whole' / 'm.pt')
    assert whole['steps'] == 4 * STEPS
    for last in (step, 2):
        stopped, _ = trained(world(), shared / 'pieces' / 'm.pt', control=StopAt(last))
        world().Barrier()
        assert stopped is None
    assert (shared / 'pieces' / 'm.ckpt').exists()
    resumed, again = trained(world(), shared / 'pieces' / 'm.pt')
    assert {**resumed, 'seconds': 0} == {**whole, 'seconds': 0}
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_a_training_that_was_stopped_goes_on_on_fewer_ranks(alone, shared):
    (shared / 'alone').mkdir(exist_ok=True)
    stopped, _ = trained(world(), shared / 'm.pt', control=StopAt(STEPS + 3))
    assert stopped is None
    if world().rank == 0:
        whole, _ = trained(alone, shared / 'alone' / 'm.pt')
        resumed, _ = trained(alone, shared / 'm.pt')
        np.testing.assert_allclose(resumed['train_losses'], whole['train_losses'], rtol=1e-5)
    world().Barrier()


def test_a_batch_smaller_than_the_world_is_an_error_on_every_rank():
    with pytest.raises(UserError, match=r'train\.batch'):
        shards.strata(100, world().size - 1, world().size, world().rank)
