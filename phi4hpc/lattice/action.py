"""The lattice action, its force and its parts, site by site: the reference for the kernels.

Arrays are phi_...yx, periodic in y and x, in NumPy or torch alike.
"""

import numpy as np
from array_api_compat import array_namespace

from phi4hpc.lattice.arrays import Array


def hopping(phi: Array) -> Array:
    """Return H = sum_{x,mu} phi(x) phi(x+mu), shape phi.shape[:-2].

    Each of the 2 L^2 links counts once; at L = 2 each pair of neighbours has two links.
    """
    roll = array_namespace(phi).roll
    return (phi * (roll(phi, -1, axis=-1) + roll(phi, -1, axis=-2))).sum((-2, -1))


def neighbours(phi: Array) -> Array:
    """Return the sum over the four neighbours of every site, shaped like phi."""
    roll = array_namespace(phi).roll
    return sum(roll(phi, step, axis=axis) for axis in (-1, -2) for step in (1, -1))


def action(phi: Array, kappa: float, lam: float) -> Array:
    """Return S = sum_x { -2 kappa phi(x) [phi(x+e1) + phi(x+e2)] + V(phi(x)) }, phi.shape[:-2].

    V(phi) = (1 - 2 lambda) phi^2 + lambda phi^4.
    """
    return -2 * kappa * hopping(phi) + ((1 - 2 * lam) * phi**2 + lam * phi**4).sum((-2, -1))


def force(phi: Array, kappa: float, lam: float) -> Array:
    """Return dS/dphi(x), shaped like phi."""
    return -2 * kappa * neighbours(phi) + 2 * (1 - 2 * lam) * phi + 4 * lam * phi**3


CONTINUUM = {'quarter': 4, 'unit': 1, 'factorial': 24}
"""The n of each continuum form of the action, in lattice units,

    S = sum_x { 1/2 sum_mu [varphi(x+mu) - varphi(x)]^2 + m^2/2 varphi^2 + g/n varphi^4 }.

`quarter` has mu_0^2 and lambda/4 (Loinaz, Willey, hep-lat/9712008), `unit` has lambda varphi^4, and
`factorial` has g/4!.
"""


def continuum_action(varphi: np.ndarray, mass2: float, coupling: float, n: int) -> np.ndarray:
    """Return S of a continuum form; equal to `action` of phi where varphi = sqrt(2 kappa) phi."""
    gradient = sum((np.roll(varphi, -1, axis) - varphi) ** 2 for axis in (-1, -2))
    return ((gradient + mass2 * varphi**2) / 2 + coupling / n * varphi**4).sum((-2, -1))


def to_continuum(kappa: float, lam: float, n: int) -> tuple[float, float]:
    """Return (m^2, g) of a continuum form, for kappa > 0.

    m^2 = (1 - 2 lambda) / kappa - 4, g = n lambda / (4 kappa^2).
    """
    return (1 - 2 * lam) / kappa - 4, n * lam / (4 * kappa**2)


def from_continuum(mass2: float, coupling: float, n: int) -> tuple[float, float]:
    """Return (kappa, lambda) of a continuum form, for g >= 0.

    kappa solves 8 (g/n) kappa^2 + (4 + m^2) kappa = 1, by the form of the root that does not
    cancel. Raises ValueError where there is none: at g = 0 with m^2 <= -4.
    """
    linear, quadratic = 4 + mass2, 8 * coupling / n
    root = np.sqrt(linear**2 + 4 * quadratic)
    if coupling < 0 or linear + root <= 0:
        raise ValueError('expected g > 0, or g = 0 with m^2 > -4')
    kappa = 2 / (linear + root) if linear >= 0 else (root - linear) / (2 * quadratic)
    return float(kappa), float(4 * kappa**2 * coupling / n)
