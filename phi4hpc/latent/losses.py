"""Losses of draws at any kappa: of a model, and of the linear optimum of the ensemble there.

The optimum keeps the d modes of largest G(p) of these draws (lattice/modes.py). G is the same all
over an orbit of momenta; of an orbit of which the optimum keeps a part, it has that part of the
power. So the draws are looked at twice: G follows from all of them, and then the loss of each.

Axes: c chain, n draw, o orbits of momenta, y x lattice axes; h the half of all momenta that
numpy.fft.rfft2 gives.
"""

from typing import Any

import numpy as np

from phi4hpc.lattice.modes import half_powers
from phi4hpc.lattice.orbits import momenta, numbered
from phi4hpc.parallel.leftout import left_out
from phi4hpc.statistics.gamma import estimate, obs


def of_model(phi_nyx: np.ndarray, mapped_nyx: np.ndarray) -> np.ndarray:
    """Return the mean over sites of (phi - A(phi))^2 of each draw, (n,)."""
    return np.square(phi_nyx - mapped_nyx, dtype=np.float64).mean((1, 2))


def orbit_powers(phi_nyx: np.ndarray) -> np.ndarray:
    """Return the part of each orbit in the mean over sites of phi^2, summed over draws, (o,)."""
    L = phi_nyx.shape[-1]
    return np.bincount(_half_orbits(L), half_powers(phi_nyx).sum(0)) / L**4


def lost(power_o: np.ndarray, L: int, latent: int) -> np.ndarray:
    """Return which part of each momentum the linear optimum loses, (h,), as `lost_of_orbits`."""
    return lost_of_orbits(power_o, L, latent)[_half_orbits(L)]


def lost_of_orbits(power_o: np.ndarray, L: int, latent: int) -> np.ndarray:
    """Return which part of the power of each orbit the linear optimum loses, (o,).

    `power_o` are the powers of orbits, in any units.
    """
    count_o = momenta(L)
    order = np.argsort(-power_o / count_o, kind='stable')
    before_o = np.cumsum(count_o[order]) - count_o[order]
    kept_o = np.empty(len(count_o))
    kept_o[order] = np.clip(latent - before_o, 0, count_o[order]) / count_o[order]
    return 1 - kept_o


def of_optimum(phi_nyx: np.ndarray, lost_h: np.ndarray) -> np.ndarray:
    """Return the loss of the linear optimum of each draw, (n,), by what `lost` says."""
    return half_powers(phi_nyx) @ lost_h / phi_nyx.shape[-1]**4


def compared(loss_cn: np.ndarray, optimum_cn: np.ndarray) -> dict[str, Any]:
    """Return `loss`, `linear_optimum` and `ratio`, the one over the other, as estimates.

    Both losses are of the same draws, and the error of the ratio knows that. None: not defined, as
    where the optimum loses nothing.
    """
    found: dict[str, Any] = {'loss': estimate(obs(loss_cn)).as_dict(), 'linear_optimum': None,
                             'ratio': None}
    if optimum_cn.any():
        with left_out('the loss over that of the linear optimum'):
            optimum = obs(optimum_cn)
            found['linear_optimum'] = estimate(optimum).as_dict()
            found['ratio'] = estimate(obs(loss_cn) / optimum).as_dict()
    return found


def _half_orbits(L: int) -> np.ndarray:
    """Return the number of the orbit of each momentum, (h,)."""
    return numbered(L)[:, :L // 2 + 1].ravel()
