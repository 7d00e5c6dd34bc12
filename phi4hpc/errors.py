"""Errors whose message is all that a user needs: printed once, without a traceback."""

import contextlib
import errno
import os
import re
from collections.abc import Iterable, Iterator

REMEDIES = {
    errno.ENOSPC: 'free some space',
    errno.EDQUOT: 'free some of your quota',
    errno.EFBIG: 'raise the limit on the size of a file (ulimit -f)',
    errno.EROFS: 'name a place that can be written',
    errno.EACCES: 'mend its permissions',
    errno.EPERM: 'mend its permissions',
    errno.EMFILE: 'raise the limit on open files (ulimit -n)',
    errno.ENFILE: 'have the machine allow more open files',
    errno.EAGAIN: 'raise the limits on processes and memory (ulimit -u, ulimit -v)',
    errno.ENAMETOOLONG: 'choose a shorter name',
    errno.ELOOP: 'mend the links, which lead in a circle',
    errno.ENOTDIR: 'expected a folder on the way there',
    errno.EISDIR: 'expected a file there, not a folder',
    errno.EEXIST: 'move away what is there',
    errno.ENOENT: 'see that nobody removes it while the run is at work',
    errno.EIO: 'look after the disk',
}
"""What a user can do about an error of the system; about others there is no advice to give."""
# MPI-IO says in words of its own what went wrong with a file.
MPI_ERRORS = {'NO_SPACE': errno.ENOSPC, 'QUOTA': errno.EDQUOT, 'READ_ONLY': errno.EROFS,
              'ACCESS': errno.EACCES, 'NO_SUCH_FILE': errno.ENOENT, 'IO': errno.EIO,
              'NO_MEM': errno.ENOMEM}
NO_MEMORY = re.compile(
    r"(out of|not enough) memory|(can't|cannot|unable to) allocate|bad_alloc"
    r'|memory allocation failed|failed to map segment from shared object$', re.IGNORECASE)


class UserError(Exception):
    """A mistake or a circumstance that the user can mend.

    `str` says what, where, what was expected and what to do. `code` is the exit status of the
    command: 1 for a run that could not go on, 2 for a usage or deck error.
    """

    code = 1


class UsageError(UserError):
    """The command line is off."""

    code = 2


class DeckError(UserError):
    """The deck is off; `faults` has each fault, `file:line:col: path: what was expected`."""

    code = 2

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__('\n'.join(self.faults))


@contextlib.contextmanager
def exit_code(code: int) -> Iterator[None]:
    """A block whose errors of the user or of the system end the command with that status."""
    try:
        yield
    except Exception as error:
        known = error if isinstance(error, UserError) else circumstance(error)
        if known is None:
            raise
        known.code = code
        raise known from None


def circumstance(error: BaseException, unnamed: str = 'a file') -> UserError | None:
    """Return the UserError for an error of the system, or a lack of memory or a library; else None.

    HDF5 writes number and file into the message of whatever it raises, MPI a name of its own;
    `unnamed` is what an error is about that names no file.
    """
    library = None
    for each in _chain(error):
        words = ' '.join(str(each).split())
        if _lacks_memory(each, words):
            said = f' ({words})' if words else ''
            return UserError(f'there is not enough memory{said}: start fewer ranks on a machine, '
                             'or ask for more memory; `phi4hpc check` says how much a rank takes')
        if number_of(each) or isinstance(each, OSError):
            return _of_system(each, words, unnamed)
        if isinstance(each, ImportError) and not (each.name or '').startswith('phi4hpc'):
            library = words
    if library is None:
        return None
    return UserError(f'{library}: a library is missing; jobs/setup.sh makes the environment that '
                     'has it')


def _of_system(error, words, unnamed):
    number, name = number_of(error), re.search(r"name = '([^']*)'", words)
    path = getattr(error, 'filename', None) or (name and name[1]) or unnamed
    said = os.strerror(number) if number else words
    remedy = REMEDIES.get(number or 0, 'mend that')
    return UserError(f'{path}: {said}: {remedy}; the same command then goes on')


def _chain(error):
    """Yield the error, and where a library raised it while it met another one, that one."""
    while isinstance(error, OSError | RuntimeError | MemoryError | ImportError):
        yield error
        error = error.__cause__ or error.__context__


def number_of(error: BaseException) -> int | None:
    """Return the number of an error of the system, None where it is none or does not say."""
    words = str(error)
    if isinstance(error, OSError) and error.errno:
        return error.errno
    if found := re.search(r'errno = (\d+)', words):
        return int(found[1])
    if found := re.search(r'MPI_ERR_(\w+)', words):
        return MPI_ERRORS.get(found[1])
    if "can't start new thread" in words:
        return errno.EAGAIN
    return errno.ELOOP if words.startswith('Symlink loop') else None


def _lacks_memory(error, words):
    """Return whether an error is one of memory; torch and HDF5 raise such errors of other kinds."""
    if isinstance(error, MemoryError) or number_of(error) == errno.ENOMEM:
        return True
    return bool(NO_MEMORY.search(words))
