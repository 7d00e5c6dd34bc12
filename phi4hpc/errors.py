"""Errors whose message is all that a user needs: printed once, without a traceback."""


class UserError(Exception):
    """A mistake or a circumstance that the user can mend; `str` says what, where, what was expected, what to do.

    `code` is the exit status of the command: 1 for a run that could not go on, 2 for a usage or deck error.
    """

    code = 1


class UsageError(UserError):
    """The command line is off."""

    code = 2


class DeckError(UserError):
    """The deck is off; `faults` holds every fault, each a line `file:line:col: path: what was expected`."""

    code = 2

    def __init__(self, faults):
        self.faults = tuple(faults)
        super().__init__('\n'.join(self.faults))
