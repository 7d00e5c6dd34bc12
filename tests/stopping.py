"""A stand-in for runcontrol.Control, with which tests stop a loop where they want to."""

from phi4hpc.runcontrol import Action


class StopAt:
    """Asks for a checkpoint and a stop after step number `last`, and for nothing before."""

    def __init__(self, last):
        self.last, self.steps = last, 0

    def begin(self):
        self.steps = 0

    def ask(self):
        self.steps += 1
        return Action.STOP if self.steps == self.last else Action.GO_ON
