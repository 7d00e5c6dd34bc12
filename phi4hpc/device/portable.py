"""Bits that agree between kinds of CPU, at some cost in speed: what PHI4HPC_PORTABLE=1 asks for.

Without it kernels are compiled for this CPU with -ffast-math, and NumPy and the C library take
other code for e^x, ln x and cos x on each kind of CPU. With it every operation is as IEEE 754
says, and these functions are made of additions, multiplications and divisions alone: here, and in
kernels/portable.hpp.
"""

import math
import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LN2 = 0.6931471803691238, 1.9082149292705877e-10          # in two parts; n times the first is exact
HALF_PI = 1.5707963267341256, 6.077100506506192e-11       # pi / 2 likewise


def portable() -> bool:
    """Return whether the user asked for it."""
    return os.environ.get('PHI4HPC_PORTABLE', '') not in ('', '0')


def exp(x: ArrayLike) -> Floats:
    """Return e^x, as NumPy has it or portably."""
    if not portable():
        return np.exp(x)
    n = np.rint(np.asarray(x) / sum(LN2))
    f = np.asarray(x) - n * LN2[0] - n * LN2[1]
    return np.ldexp(series(f, [1 / math.factorial(k) for k in range(14)]), n.astype(int))


def log(x: ArrayLike) -> Floats:
    """Return ln x for x > 0, as NumPy has it or portably."""
    if not portable():
        return np.log(x)
    m, n = np.frexp(x)
    small = m < math.sqrt(0.5)
    m, n = np.where(small, 2 * m, m), n - small
    s = (m - 1) / (m + 1)
    return n * LN2[0] + (n * LN2[1] + 2 * s * series(s * s, [1 / (2 * k + 1) for k in range(12)]))


def cos(x: ArrayLike) -> Floats:
    """Return cos x, as NumPy has it or portably; then for |x| of a few turns."""
    return turned(x, 0) if portable() else np.cos(x)


def sin(x: ArrayLike) -> Floats:
    """Return sin x, likewise."""
    return turned(x, -1) if portable() else np.sin(x)


def turned(x: ArrayLike, quarters: int) -> Floats:
    """Return cos(x + quarters pi / 2)."""
    n = np.rint(np.asarray(x) / (math.pi / 2))
    f = np.asarray(x) - n * HALF_PI[0] - n * HALF_PI[1]
    cosine = series(f * f, [(-1)**k / math.factorial(2 * k) for k in range(10)])
    sine = f * series(f * f, [(-1)**k / math.factorial(2 * k + 1) for k in range(10)])
    return np.choose((n.astype(int) + quarters) % 4, [cosine, -sine, -cosine, sine])


def series(x: Floats, coefficients: Sequence[float]) -> Floats:
    """Return sum_k c_k x^k."""
    total = np.zeros_like(x)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total
