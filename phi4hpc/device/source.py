"""Kernel sources as both compilers see them: the files, and the constants that fit them to a
lattice."""

import hashlib
from pathlib import Path

from phi4hpc import kernels

FOLDER = Path(kernels.__file__).parent
REAL = {'float32': 'float', 'float64': 'double'}
LEFT = 16                         # reals before column 0: room for a halo that keeps it aligned
PAD = 16                          # a padded row has a multiple of this number of reals

Kernel = str | Path
"""A kernel's name, for kernels/<name>.cu, or the path of a user's own .cu file."""


def stride(L: int) -> int:
    """Return the reals of a padded row of one colour (kernels/field.cuh)."""
    return LEFT + -(-(L // 2 + 1) // PAD) * PAD


def path_of(kernel: Kernel) -> Path:
    """Return the file of a kernel."""
    return kernel if isinstance(kernel, Path) else FOLDER / f'{kernel}.cu'


def included(kernel: Kernel, stream: int) -> str:
    """Return the lines by which a translation unit takes in a kernel that draws from the stream of
    this number."""
    return f'#define STREAM {stream}\n#include "{path_of(kernel)}"\n#undef STREAM\n'


def definitions(L: int, precision: str, shape: dict[str, int]) -> list[str]:
    """Return the -D options for lattices of size L, fields of `precision`, and a launch of
    `shape`.

    `shape`: the constants of kernels/launch.cuh, BLOCKS and MAX_THREADS, and MAX_BLOCKS where
    BLOCKS > 1.
    """
    constants = {'L': L, 'ROW_LEFT': LEFT, 'ROW_STRIDE': stride(L), 'real': REAL[precision]} | shape
    return [f'-D{name}={value}' for name, value in constants.items()]


def digest(*parts: object) -> str:
    """Return a name for what is compiled from `parts` and from every file in the folder of
    kernels."""
    files = (path.read_bytes() for path in sorted(FOLDER.iterdir())
             if path.suffix in {'.cu', '.cuh', '.hpp', '.cpp'})
    content = b'\0'.join([*(str(part).encode() for part in parts), *files])
    return hashlib.sha256(content).hexdigest()[:24]
