"""Propagators against lattice momentum, and the free form that they take in the symmetric phase."""

from typing import NamedTuple

import matplotlib as mpl
import numpy as np

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import spread
from phi4hpc.report.style import FULL, Plot, panels, points, reference

SHOWN = 6
LOWEST = 1.0                          # the free form is fitted to momenta p^ up to this
MOMENTUM = r'$\hat p$'


class FreeForm(NamedTuple):
    """G = Z / (p^^2 + m^2) with the errors of Z and m^2, and chi^2 over the degrees of freedom."""

    z: float
    z_error: float
    mass2: float
    mass2_error: float
    chi2: float
    dof: int

    def __call__(self, p_hat):
        """Return G at lattice momenta."""
        return self.z / (p_hat**2 + self.mass2)


def propagators(study):
    """Yield figure e: the largest lattice at several kappas, and the ratio to the free form at the smallest."""
    L = study.sizes[-1]
    entries = spread([entry for entry in study.entries(L) if 'propagator' in entry], SHOWN)
    if not entries:
        return
    fitted = study.phases['symmetric'] and len(entries[0]['propagator']['value']) > 2 and entries[0]['kappa'] > 0
    figure, axes = panels(1, 1 + fitted, FULL if fitted else 0.6 * FULL, 3.1)
    for number, (entry, colour) in enumerate(zip(entries, colours(len(entries)), strict=True)):
        points(axes[0, 0], *of(entry), number, color=colour, label=rf'$\kappa={entry["kappa"]:g}$')
    axes[0, 0].set(yscale='log', xlabel=MOMENTUM, ylabel=r'$G(\hat p)$')
    free = draw_free(axes[0], entries[0]) if fitted else None
    axes[0, 0].legend(ncols=2)
    yield Plot('e_propagators', figure, {**study.phases, 'L': L, 'free': free})


def draw_free(axes, entry):
    """Draw the fitted free form, the exact one at lambda = 0, and data over fit; return the facts of the fit."""
    p_hat, value, error = of(entry)
    fit = fit_free(p_hat, value, error)
    dense = np.linspace(0, 2, 200)
    axes[0].plot(dense, fit(dense), color='0.2', zorder=0, label='free form')
    points(axes[1], p_hat, value / fit(p_hat), error / fit(p_hat), color=colours(SHOWN)[0])
    reference(axes[1], y=1)
    axes[1].axvspan(-0.05, fitted_to(p_hat) + 0.02, color='0.92', zorder=-1)
    axes[1].set(xlabel=MOMENTUM, ylabel=r'$G(\hat p)\,(\hat p^2+m^2)/Z$', xlim=(-0.05, 2.05))
    if entry['kappa'] < 0.25:
        exact = free_propagator(entry['kappa'], (2 * np.arcsin(dense / 2), 0.0))
        axes[0].plot(dense, exact, color='0.2', ls=':', zorder=0, label=r'$\lambda=0$, exact')
    return {'kappa': f'{entry["kappa"]:g}', 'lowest': f'{fitted_to(p_hat):.3g}', 'exact': entry['kappa'] < 0.25,
            'free_z': f'{0.5 / entry["kappa"]:.4g}', 'free_mass2': f'{1 / entry["kappa"] - 4:.4g}',
            'z': value_error(fit.z, fit.z_error), 'mass2': value_error(fit.mass2, fit.mass2_error),
            'chi2': f'{fit.chi2:.1f}/{fit.dof}'}


def fit_free(p_hat, value, error):
    """Return the FreeForm fitted to the lowest momenta, at least three: least squares in G, weighted by its errors.

    With G = 1 / (a p^^2 + b) the fit is linear in (a, b) at first order; a few Gauss-Newton steps from the fit of 1/G.
    """
    low = p_hat <= fitted_to(p_hat)
    p2, g, weight = p_hat[low] ** 2, value[low], 1 / error[low]
    design = np.stack([p2, np.ones_like(p2)], 1)
    ab = np.linalg.lstsq(design * (weight * g**2)[:, None], weight * g, rcond=None)[0]
    for _ in range(8):
        model = 1 / (design @ ab)
        slope = -design * (weight * model**2)[:, None]
        ab = ab + np.linalg.lstsq(slope, weight * (g - model), rcond=None)[0]
    chi2 = float((weight**2 * (g - 1 / (design @ ab)) ** 2).sum())
    return free_form(ab, np.linalg.inv(slope.T @ slope), chi2, len(g) - 2)


def fitted_to(p_hat):
    """Return the largest momentum that the fit takes: LOWEST, or what it needs for three."""
    return max(LOWEST, p_hat[:3].max())


def free_form(ab, covariance, chi2, dof):
    """Return the FreeForm with Z = 1/a and m^2 = b/a, errors propagated linearly."""
    a, b = ab
    to_z, to_mass2 = np.array([-1 / a**2, 0]), np.array([-b / a**2, 1 / a])
    z_error, mass2_error = (float(np.sqrt(g @ covariance @ g)) for g in (to_z, to_mass2))
    return FreeForm(float(1 / a), z_error, float(b / a), mass2_error, chi2, dof)


def of(entry):
    """Return (p^, value, error) arrays of an entry's propagator."""
    return tuple(np.array(entry['propagator'][part]) for part in ('p_hat', 'value', 'error'))


def colours(count):
    """Return colours for ascending kappa, dark to light and told apart in grey too."""
    return [mpl.colormaps['viridis'](x) for x in np.linspace(0, 0.88, count)]
