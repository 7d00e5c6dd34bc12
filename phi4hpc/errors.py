"""Errors whose message is all that a user needs: printed once, without a traceback."""


import errno
import os
import re

REMEDIES = {errno.ENOSPC: 'free some space', errno.EDQUOT: 'free some of your quota',
            errno.EROFS: 'name a place that can be written', errno.EACCES: 'mend its permissions',
            errno.EIO: 'look after the disk'}


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


def circumstance(error):
    """Return the UserError that tells of an error of the system which the user can mend, None where it is another.

    HDF5 writes number and file into the message of whatever it raises.
    """
    found = re.search(r"name = '([^']*)'.*errno = (\d+)", str(error), re.DOTALL)
    number = getattr(error, 'errno', None) or (found and int(found[2]))
    if number not in REMEDIES:
        return None
    path = getattr(error, 'filename', None) or (found and found[1]) or 'a file'
    return UserError(f'{path}: {os.strerror(number)}: {REMEDIES[number]}; the same command then goes on')
