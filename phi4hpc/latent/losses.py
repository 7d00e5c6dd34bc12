"""Losses of draws at any kappa: of a model, and of the linear optimum of the ensemble there.

The optimum keeps the d modes of largest G(p) of these draws (lattice/modes.py). G is the same all
over an orbit of momenta; of an orbit of which the optimum keeps a part, it has that part of the
power.

Axes: c chain, n draw, o orbits of momenta, y x lattice axes.
"""

from typing import Any

import numpy as np

from phi4hpc.lattice.orbits import momenta, numbered
from phi4hpc.parallel.leftout import left_out
from phi4hpc.statistics.gamma import estimate, obs


def of_model(phi_nyx: np.ndarray, mapped_nyx: np.ndarray) -> np.ndarray:
    """Return the mean over sites of (phi - A(phi))^2 of each draw, (n,)."""
    return np.square(phi_nyx - mapped_nyx, dtype=np.float64).mean((1, 2))


def orbit_powers(phi_nyx: np.ndarray) -> np.ndarray:
    """Return the part of each orbit in the mean over sites of phi^2, (n, o)."""
    orbit_D = numbered(phi_nyx.shape[-1]).ravel()
    modes_nD = np.fft.fft2(phi_nyx.astype(np.float64)).reshape(len(phi_nyx), -1)
    power_nD = (modes_nD.real**2 + modes_nD.imag**2) / orbit_D.size**2
    count_o = momenta(phi_nyx.shape[-1])
    first_o = np.cumsum(count_o) - count_o
    return np.add.reduceat(power_nD[:, np.argsort(orbit_D, kind='stable')], first_o, axis=1)


def of_optimum(power_cno: np.ndarray, count_o: np.ndarray, latent: int) -> np.ndarray:
    """Return the loss of the linear optimum of these draws for each of them, (c, n).

    `count_o`: how many momenta an orbit has.
    """
    order = np.argsort(-power_cno.mean((0, 1)) / count_o, kind='stable')
    before_o = np.cumsum(count_o[order]) - count_o[order]
    kept_o = np.empty(len(count_o))
    kept_o[order] = np.clip(latent - before_o, 0, count_o[order]) / count_o[order]
    return power_cno @ (1 - kept_o)


def compared(loss_cn: np.ndarray, power_cno: np.ndarray, L: int, latent: int) -> dict[str, Any]:
    """Return `loss`, `linear_optimum` and `ratio`, the one over the other, as estimates.

    Both losses are of the same draws, and the error of the ratio knows that. None: not defined, as
    where there is a latent for every site.
    """
    found: dict[str, Any] = {'loss': estimate(obs(loss_cn)).as_dict(), 'linear_optimum': None,
                             'ratio': None}
    optimum_cn = of_optimum(power_cno, momenta(L), latent)
    if latent < L**2:
        with left_out('the loss over that of the linear optimum'):
            optimum = obs(optimum_cn)
            found['linear_optimum'] = estimate(optimum).as_dict()
            found['ratio'] = estimate(obs(loss_cn) / optimum).as_dict()
    return found
