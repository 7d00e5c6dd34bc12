"""A checksum of every draw, by which `phi4hpc verify` tells the draw in which a bit has flipped."""

import zlib

import numpy as np

from phi4hpc.lattice.observables import SERIES

COLUMNS = ('phi', *SERIES, 'replica')


def checksums(columns):
    """Return the CRC32 (n,) of n draws; `columns`: {name: (n, ...) values as they are in the file}, of all COLUMNS."""
    columns = [np.ascontiguousarray(columns[name]) for name in COLUMNS]
    sums = np.zeros(len(columns[0]), np.uint32)
    for n in range(len(sums)):
        value = 0
        for column in columns:
            value = zlib.crc32(column[n:n + 1], value)
        sums[n] = value
    return sums


def damaged(lattice):
    """Yield (kappa, chain, draw) of each complete draw of a reader.Lattice whose checksum does not hold."""
    for k, kappa in enumerate(lattice.kappas):
        for c in range(lattice.chains):
            for first in range(0, lattice.draws, lattice.block):
                draws = slice(first, min(first + lattice.block, lattice.draws))
                found = checksums({name: lattice.group[name][k, c, draws] for name in COLUMNS})
                for n in np.flatnonzero(found != lattice.group['checksum'][k, c, draws]):
                    yield float(kappa), c, first + int(n)
