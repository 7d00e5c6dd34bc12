"""The world of ranks: errors that every rank learns of, and who owns what."""

from types import SimpleNamespace

import pytest

from phi4hpc.errors import UsageError, UserError
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.runcontrol import Action, Control, Stopped
from phi4hpc.parallel.together import together
from phi4hpc.parallel.world import local_rank, world

pytestmark = pytest.mark.mpi(min_size=2)


def fail_together(comm, errors):
    """Raise the error that `errors` has for this rank, in a block that all ranks share."""
    with together(comm):
        if comm.rank in errors:
            raise errors[comm.rank]


def test_an_error_on_one_rank_is_raised_on_all():
    with pytest.raises(UserError, match='^disk full on rank 1$'):
        fail_together(world(), {1: UserError('disk full on rank 1')})


def test_a_rank_with_an_error_of_its_own_raises_that_and_the_others_the_first():
    comm = world()
    with pytest.raises(UserError) as caught:
        fail_together(comm, {rank: UsageError(f'rank {rank} is unhappy')
                             for rank in range(1, comm.size)})
    assert str(caught.value) == f'rank {max(comm.rank, 1)} is unhappy'


def test_without_error_the_block_ends_as_any():
    fail_together(world(), {})


def test_blocks_of_all_ranks_make_up_the_whole():
    comm = world()
    blocks = comm.allgather(block(10, comm.size, comm.rank))
    assert [i for first, last in blocks for i in range(first, last)] == list(range(10))


def test_ranks_of_one_machine_are_numbered_through():
    comm = world()
    assert sorted(comm.allgather(local_rank(comm))) == list(range(comm.size))


def test_ranks_with_more_pieces_of_work_and_with_fewer_all_come_to_their_end():
    comm, control = world(), Control(world())
    assert list(control.each(range(2 * comm.rank), 'here')) == list(range(2 * comm.rank))


def test_a_stop_that_one_rank_hears_of_ends_the_work_of_all():
    comm, control, done = world(), Control(world()), []
    if comm.rank == 1:
        control.signals = SimpleNamespace(take=lambda: [(Action.STOP, 'a signal')])
    with pytest.raises(Stopped, match='stopped here'):
        done.extend(control.each(range(3), 'here'))
    assert done == []
