"""Philox4x32-10 in NumPy, and the one list of random streams. The kernels' own is philox.cuh.

key = (seed, stream | L << 8), counter = (site, sweep, replica, draw), so no number is drawn twice in a run: what is
drawn depends on what it is drawn for, not on the rank that draws it or on what was drawn before.
Source: Salmon, Moraes, Dror, Shaw, SC'11, doi:10.1145/2063384.2063405.
"""

from enum import IntEnum

import numpy as np

LOW, WORD = np.uint64(0xFFFFFFFF), np.uint64(32)


class Stream(IntEnum):
    """What random words are drawn for; the number enters the key."""

    START = 1
    METROPOLIS = 2
    SWAP = 3
    OVERRELAXATION = 4
    CLUSTER = 5
    HMC = 6


def philox(counter, key):
    """Return four random words for each counter.

    `counter`: sequence of four integer arrays that broadcast, `key`: two integers below 2^32.
    Returns a (4, ...) uint32 array.
    """
    x, y, z, w = np.broadcast_arrays(*(np.asarray(c, np.uint64) for c in counter))
    key0, key1 = (int(k) for k in key)
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x, np.uint64(0xCD9E8D57) * z
        x, y, z, w = (b >> WORD) ^ y ^ np.uint64(key0), b & LOW, (a >> WORD) ^ w ^ np.uint64(key1), a & LOW
        key0, key1 = (key0 + 0x9E3779B9) % 2**32, (key1 + 0xBB67AE85) % 2**32
    return np.stack([x, y, z, w]).astype(np.uint32)


def key(seed, stream, L):
    """Return the key of a stream on lattices of size L; two lattices never share random words."""
    return seed, int(stream) | L << 8


def uniform(words):
    """Return float64 deviates in the open interval (0, 1) from uint32 words."""
    return (words + 0.5) * 2.0**-32
