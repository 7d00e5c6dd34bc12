"""Means of every lattice against kappa: points at the rungs, reweighted curves, and kappa_c."""

from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.lattice.transition import UNIVERSAL, known
from phi4hpc.report import style
from phi4hpc.report.canvas import Canvas
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study, column
from phi4hpc.report.style import band, points, reference

ABREAST = 4                   # lattices that a legend within a panel names, at most
BEYOND = 0.15                 # of the rungs and a peak beyond them, how far a curve goes on there


class Critical(NamedTuple):
    """kappa_c with its error, statistical and systematic together, and whether the run found it."""

    value: float
    error: float
    found: bool


def critical(study: Study) -> Critical | None:
    """Return kappa_c where the curves of the largest lattice reach it, None where they do not.

    Of the run's own and the value that was known before, it is the one with the smaller error.
    """
    candidates = []
    if own := study.kappa_c:
        candidates.append(Critical(*own, True))
    if before := known(study.deck.action.lam):
        candidates.append(Critical(*before, False))
    best = min(candidates, key=lambda candidate: candidate.error, default=None)
    low, high = reach(study, study.sizes[-1])
    return best if best and low <= best.value <= high else None


def legend(figure: Canvas, axes: np.ndarray, study: Study) -> None:
    """Name the lattices in the first panel, or below all where they are many."""
    if len(study.sizes) > ABREAST:
        style.legend(figure, axes, ncols=8 if axes.size > 1 else ABREAST)
    else:
        axes[0, 0].legend()


def draw(axes: Axes, study: Study, name: str, peaks: bool = False) -> None:
    """Draw a mean of every lattice against kappa, with kappa_c where it is known.

    Rungs at which the mean is not defined are left out. Curves go as far as the rungs do, and with
    `peaks` on to where the susceptibility is largest.
    """
    for number, L in enumerate(study.sizes):
        value, error = column(study.entries(L), name)
        there = np.isfinite(value)
        points(axes, study.kappas(L)[there], value[there], error[there], number, label=f'$L={L}$')
    draw_curves(axes, study, name, peaks)
    if known_c := critical(study):
        reference(axes, x=known_c.value)
    axes.set(xlabel=r'$\kappa$', ylabel=load(name).long_label)
    axes.locator_params(axis='x', nbins=6)


def draw_curves(axes: Axes, study: Study, name: str, peaks: bool) -> None:
    """Draw the reweighted curve of every lattice that has one."""
    for table in study.reweighted:
        if name in table:
            low, high = reach(study, table['L'], peaks)
            kappa, value, error = (np.array(part, float) for part in (
                table['kappa'], table[name]['value'], table[name]['error']))
            own = (kappa >= low) & (kappa <= high)
            band(axes, kappa[own], value[own], error[own], study.sizes.index(table['L']))


def reach(study: Study, L: int, peaks: bool = False) -> tuple[float, float]:
    """Return the ends of the curves of a lattice: of its rungs, and beyond its peak with `peaks`.

    Of a single rung they are all that is reweighted.
    """
    rungs = study.kappas(L)
    table = next((table for table in study.reweighted if table['L'] == L), None)
    if len(rungs) == 1 and table:
        return table['kappa'][0], table['kappa'][-1]
    tops = [peak['kappa']['value'] for peak in study.transition['peaks'] if peak['L'] == L]
    ends = [*rungs, *tops] if peaks else rungs
    margin = BEYOND * np.ptp(ends)
    low, high = min(ends), max(ends)
    return (low - margin if low < rungs[0] else low, high + margin if high > rungs[-1] else high)


def universal(axes: Axes, study: Study, name: str, label: str | None = None) -> None:
    """Draw the value that a mean takes at the transition of the Ising class, where there is one."""
    if study.phases['interacting']:
        reference(axes, y=UNIVERSAL[name], color='C3', lw=1, ls=':', label=label)


def facts(study: Study) -> dict[str, Any]:
    """Return what captions against kappa tell: coupling, lattices, phases, kappa_c where drawn."""
    drawn = critical(study)
    return {'lam': f'{study.deck.action.lam:g}', 'sizes': study.sizes, **study.phases,
            'kappa_c': drawn and {'words': value_error(drawn.value, drawn.error, digits=1),
                                  'found': drawn.found}}
