"""Groups of ranks that work apart: a stop that one of them is asked for reaches all."""

import pytest

from phi4hpc.parallel.groups import apart
from phi4hpc.parallel.runcontrol import Action, Control, Stopped
from phi4hpc.parallel.world import world

pytestmark = pytest.mark.mpi(min_size=2)


class OneSignal:
    """Hears one signal, on one rank."""

    def __init__(self, heard):
        self.heard = [(Action.STOP, 'a signal')] if heard else []

    def take(self):
        heard, self.heard = self.heard, []
        return heard


def test_ranks_fall_into_groups_of_neighbours():
    comm = world()
    group = apart(comm, 2)
    assert group.count == comm.size // 2
    members = comm.allgather((group.number, group.comm.rank, group.comm.size))
    assert members == sorted(members)
    assert all(size >= 2 for _, _, size in members)


def test_a_stop_of_one_group_reaches_the_others(tmp_path):
    comm = world()
    folder = comm.bcast(tmp_path)
    group = apart(comm, 1)
    last = comm.rank == comm.size - 1
    control = Control(comm, OneSignal(last), stop_file=folder / 'STOP')
    comm.Barrier()             # Control removes what an earlier run has passed on.
    own = control.within(group.comm)
    steps = 0
    while own.ask() is not Action.STOP:
        steps += 1
        assert steps < 10**7
    with pytest.raises(Stopped):
        control.rejoin(Stopped('here') if last else Stopped('there'))
    comm.Barrier()
    assert list(folder.iterdir()) == []


def test_a_stop_that_ranks_passed_on_and_did_not_outlive_does_not_stop_the_next_run(tmp_path):
    """When a rank is killed, mpirun ends the others by the signal that also asks for a stop."""
    comm, folder = world(), world().bcast(tmp_path)
    stopped = Control(comm, OneSignal(True), stop_file=folder / 'STOP').within(apart(comm, 1).comm)
    assert stopped.ask() is Action.STOP
    comm.Barrier()
    assert [path.name for path in folder.iterdir()] == ['STOP.group']
    comm.Barrier()
    following = Control(comm, stop_file=folder / 'STOP')
    comm.Barrier()
    assert following.within(apart(comm, 1).comm).ask() is Action.GO_ON


def test_a_group_that_was_done_before_the_stop_is_stopped_too(tmp_path):
    comm = world()
    control = Control(comm, stop_file=comm.bcast(tmp_path) / 'STOP')
    stopped = Stopped('in a model') if comm.rank == 0 else None
    with pytest.raises(Stopped, match='in a model' if comm.rank == 0 else 'in another group'):
        control.rejoin(stopped)
    control.rejoin(None)
