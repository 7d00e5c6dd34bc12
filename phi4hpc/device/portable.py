"""Whether bits are to agree between kinds of CPU and compilers: PHI4HPC_PORTABLE=1, at some cost
in speed."""

import os


def portable() -> bool:
    """Return whether the user asked for it."""
    return os.environ.get('PHI4HPC_PORTABLE', '') not in ('', '0')
