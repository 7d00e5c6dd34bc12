"""Stand-ins for runcontrol.Control, with which tests stop a loop where they want to."""

from mpi4py import MPI

from phi4hpc.parallel.runcontrol import Action, Control


class StopAt:
    """Asks for a checkpoint and a stop after step number `last`, and for nothing before."""

    def __init__(self, last):
        self.last, self.steps = last, 0

    def begin(self):
        self.steps = 0

    def ask(self):
        self.steps += 1
        return Action.STOP if self.steps == self.last else Action.GO_ON


class StopAtAsking(Control):
    """A Control that asks for a stop when it is asked itself for the time number `last`."""

    def __init__(self, last):
        super().__init__(MPI.COMM_SELF)
        self.left_to_ask = last

    def ask(self):
        self.left_to_ask -= 1
        return Action.GO_ON if self.left_to_ask else Action.STOP
