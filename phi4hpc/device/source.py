"""Kernel sources as both compilers see them: the files, and the compile-time constants that fit them to a lattice."""

import hashlib
from pathlib import Path

from phi4hpc import kernels
from phi4hpc.kernels.philox import Stream

FOLDER = Path(kernels.__file__).parent
REAL = {'float32': 'float', 'float64': 'double'}


def definitions(L, precision, shape):
    """Return the -D options for lattices of size L, fields of `precision`, and a launch of `shape`.

    `shape`: the constants of kernels/launch.cuh, BLOCKS and MAX_THREADS, and MAX_BLOCKS where BLOCKS > 1.
    """
    constants = {'L': L, 'real': REAL[precision]} | shape | {f'STREAM_{s.name}': int(s) for s in Stream}
    return [f'-D{name}={value}' for name, value in constants.items()]


def digest(*parts):
    """Return a name for what is compiled from `parts` and from every file in the folder of kernels."""
    sources = (path.read_bytes() for path in sorted(FOLDER.iterdir()) if path.suffix in {'.cu', '.cuh', '.hpp'})
    return hashlib.sha256(b'\0'.join([*(str(part).encode() for part in parts), *sources])).hexdigest()[:24]
