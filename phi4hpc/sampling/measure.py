"""What is measured of the fields on their device, every step or every draw."""

import numpy as np
from numpy.typing import NDArray

from phi4hpc.device.fields import Fields
from phi4hpc.device.portable import cos, sin


def densities(fields: Fields) -> NDArray[np.float64]:
    """Return per-site densities (r, 4), named by phi4hpc.lattice.series.DENSITIES."""
    sums = fields.sums(4)
    fields.launch('measure', sums)
    return fields.numpy(sums) / fields.L**2


def longest_mode(fields: Fields) -> NDArray[np.float64]:
    """Return |phi~(p)|^2 / Omega (r,) at p = 2 pi / L, as phi4hpc.lattice.draws has it in `mode`.
    """
    power = fields.sums()
    fields.launch('mode', fields.constant(wave), power)
    return fields.numpy(power)


def wave(L: int) -> NDArray[np.float64]:
    """Return cosine and sine of 2 pi x / L, (2, 2, L/2): of the even x, then of the odd ones."""
    angle = 2 * np.pi / L * np.arange(L).reshape(-1, 2).T
    return np.array([cos(angle), sin(angle)])
