"""Philox4x32-10 in NumPy, and the random streams. The kernels have their own Philox in philox.cuh.

The key is (seed, stream | L << 8), the counter is (site, sweep, replica, draw). So no number is
drawn twice in a run, and what is drawn depends on what it is drawn for, not on the rank that draws
it or on what was drawn before. Source: Salmon, Moraes, Dror, Shaw, SC'11,
doi:10.1145/2063384.2063405.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

LOW, WORD = np.uint64(0xFFFFFFFF), np.uint64(32)


class Stream(IntEnum):
    """What random words are drawn for, beside the algorithms; the number enters the key.

    Each algorithm has a stream as well, whose number stands in its file
    (phi4hpc/sampling/algorithms). No two numbers are the same, none is above 255, and none ever
    changes: all bits would change with it.
    """

    START = 1
    SWAP = 3
    TIES = 7


def philox(counter: Sequence[ArrayLike], key: tuple[int, int]) -> NDArray[np.uint32]:
    """Return four random words for each counter, (4, ...).

    `counter`: four integer arrays that broadcast, `key`: two integers below 2^32.
    """
    x, y, z, w = np.broadcast_arrays(*(np.asarray(c, np.uint64) for c in counter))
    key0, key1 = (int(k) for k in key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x, np.uint64(0xCD9E8D57) * z
        x, y = (b >> WORD) ^ y ^ np.uint64(key0), b & LOW
        z, w = (a >> WORD) ^ w ^ np.uint64(key1), a & LOW
        key0, key1 = (key0 + 0x9E3779B9) % 2**32, (key1 + 0xBB67AE85) % 2**32
    return np.stack([x, y, z, w]).astype(np.uint32)


def key(seed: int, stream: int, L: int) -> tuple[int, int]:
    """Return the key of a stream on lattices of size L; two lattices never share random words."""
    return seed, int(stream) | L << 8


def uniform(words: NDArray[np.uint32]) -> NDArray[np.floating]:
    """Return deviates in the open interval (0, 1) from random words."""
    return (words + 0.5) * 2.0**-32
