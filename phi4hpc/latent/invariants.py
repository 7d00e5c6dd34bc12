"""Functions of a field that are the same for all its images under the symmetries of the torus.

Of these are the statistics by which an ensemble depends on its couplings, and the features from
which they are predicted. All are per site. Even functions do not change with the sign of the field,
odd ones change with it.

Suffixes: n draws, y x lattice axes, f features, t statistics, h half of the momenta.
"""

import numpy as np

from phi4hpc.lattice.action import hopping, neighbours
from phi4hpc.lattice.modes import half_powers
from phi4hpc.lattice.shells import bands

STATISTICS = ('kappa', 'lambda'), ('field',)
"""The couplings that even and odd statistics belong to."""


def statistics(phi_nyx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the even and the odd statistics, (n, t): those of kappa and lambda; that of a field.

    They are H / Omega with H = sum_{x,mu} phi(x) phi(x+mu), the mean of phi^4 - 2 phi^2, and M. The
    factors 2 and -1 by which they stand in -S do not matter to the part of them that is kept.
    """
    square_nyx = phi_nyx**2
    quartic_n = (square_nyx**2 - 2 * square_nyx).mean((1, 2))
    hopping_n = hopping(phi_nyx) / phi_nyx.shape[-1]**2
    return np.stack([hopping_n, quartic_n], 1), phi_nyx.mean((1, 2))[:, None]


def features(z_nyx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return even and odd features (n, f).

    The even ones are the power in bands of momenta, which make every quadratic form that has the
    symmetries to good approximation; H and quartic ones, local and global; and z^6. The odd ones
    are M = <z>, <z^3>, M^3 and M <z^2>, with <> the mean over sites.
    """
    L = z_nyx.shape[-1]
    m_n, z2_nyx = z_nyx.mean((1, 2)), z_nyx**2
    z3_nyx, z4_nyx = z_nyx * z2_nyx, z2_nyx**2         # NumPy is twenty times slower at z**3
    local = [z2_nyx, z4_nyx, z2_nyx * z4_nyx, z3_nyx * neighbours(z_nyx),
             z2_nyx * neighbours(z2_nyx)]
    z2_n, *rest = [field_nyx.mean((1, 2)) for field_nyx in local]
    hopping_n = hopping(z_nyx) / L**2
    even = [hopping_n, z2_n, *rest, abs(m_n), m_n**4, m_n**2 * z2_n, z2_n**2, z2_n * hopping_n]
    odd = [m_n, z3_nyx.mean((1, 2)), m_n**3, m_n * z2_n]
    return np.concatenate([power(z_nyx), np.stack(even, 1)], 1), np.stack(odd, 1)


def power(z_nyx: np.ndarray) -> np.ndarray:
    """Return |z~(p)|^2 / Omega^2 summed over each band of momenta, (n, bands)."""
    L = z_nyx.shape[-1]
    band_h = bands(L)[:, :L // 2 + 1].ravel()
    return half_powers(z_nyx) @ np.eye(band_h.max() + 1)[band_h] / L**4
