"""The limits of this process, looked at before MPI starts.

MPI and torch abort or hang where they are too low.
"""

import resource

from phi4hpc.errors import UserError

LEAST = {
    resource.RLIMIT_NOFILE: (64, '', 'open files (ulimit -n)'),
    resource.RLIMIT_FSIZE: (2**23, ' bytes', 'the size of a file (ulimit -f)'),
    resource.RLIMIT_AS: (2**28, ' bytes', 'memory (ulimit -v)'),
}
"""What MPI takes at least, its unit, and what the limit is on."""


def require() -> None:
    """Raise the soft limits that are too low. Raises UserError where a hard one is."""
    for kind, (least, unit, what) in LEAST.items():
        given = resource.getrlimit(kind)
        soft, hard = (least if limit == resource.RLIM_INFINITY else limit for limit in given)
        if hard < least:
            raise UserError(f'the limit on {what} is {hard}{unit}: expected at least '
                            f'{least}{unit}')
        if soft < least:
            resource.setrlimit(kind, (least, given[1]))
