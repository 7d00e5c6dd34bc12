"""The flow of (kappa', lambda') under each kind of block spin, below, at and above kappa_c."""

import math
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.flow.kinds import kinds, of_kind
from phi4hpc.flow.rest import couplings
from phi4hpc.lattice.exact import KAPPA_C_ISING
from phi4hpc.lattice.transition import LARGEST, SMALLEST, kappa_c
from phi4hpc.report import flow
from phi4hpc.report.canvas import Canvas
from phi4hpc.report.numbers import listed
from phi4hpc.report.study import Entry, Study, spread
from phi4hpc.report.style import (
    FULL,
    Missing,
    Plot,
    bars,
    bars_across,
    dots,
    landmark,
    line,
    logarithmic,
    panels,
    points,
    shades,
)

PLACE = 'flow', 10
TITLE = 'Flow of the couplings'
CAPTION = """
The action of three couplings that is closest to a blocked ensemble, as (κ′, λ′), by the
Schwinger–Dyson equations. Levels 0 to {{ f.levels }} from {{ L() }} = {{ f.start }}, each half as
large as the one before, are joined in their order from the cross of the stored draws on. Colours
are the stored κ = {{ f.kappas | join(', ') }}, dark to light; the nearest to κ<sub>c</sub> is
{{ f.critical }}. Bars with caps: jackknife errors. Broad pale bars: what further neighbours change
in κ′ and λ′; where they are broad, the point is a projection and no action, and need not lie on the
critical line even at κ<sub>c</sub>. Dashed: that line, κ<sub>c</sub>(λ) of the action itself.
The Gaussian fixed point (κ = 1/4, λ = 0) is below the axis, the Ising limit (κ = {{ f.ising }},
λ → ∞) above it.
{%- if f.part %} With every step λ′ of the other κ parts further from that of the nearest for
{{ f.part }}.{% endif %} Block spins of signs have no λ′.
"""

GAUSSIAN, ISING = 0.25, float(KAPPA_C_ISING)
MARGIN = 0.06                 # of the kappa' axis beyond the points; broad bars may be cut
SHOWN = 5                     # stored kappas
COLUMNS = 3


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, a panel for each kind of block spin."""
    entries = study.flow['couplings']
    if not entries:
        return
    shown = {kind: of_kind(entries, kind) for kind in kinds(entries)}
    shown = {kind: own for kind, own in shown.items()
             if any(entry['level'] > 0 and entry.get('lambda_prime') for entry in own)}
    if not shown:
        yield Missing('No flow of couplings is shown: no block spin has a λ′, as for signs.')
        return
    drawn = [entry for own in shown.values() for entry in own]
    kappas = spread(sorted({entry['kappa'] for entry in drawn}), SHOWN)
    middle = flow.critical_rung(study, 'couplings')
    part = [flow.title(kind) for kind, own in shown.items() if parting(own, kappas, middle)]
    yield Plot(draw_plane(shown, kappas), {
        'levels': max(e['level'] for e in drawn), 'start': max(e['start'] for e in drawn),
        'kappas': [f'{kappa:g}' for kappa in kappas], 'ising': f'{ISING:.6f}',
        'critical': f'{middle:g}', 'part': part and listed(part)})


def draw_plane(shown: dict[str, list[Entry]], kappas: list[float]) -> Canvas:
    """Return the figure of the entries of each kind of block spin, from some stored kappas."""
    columns = min(COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = panels(rows, columns, FULL, 0.7 + 2.4 * rows, sharex=True, sharey=True)
    ends = [GAUSSIAN, ISING]
    for ax, (kind, own) in zip(axes.flat, shown.items(), strict=False):
        for number, (kappa, colour) in enumerate(zip(kappas, shades(len(kappas)), strict=True)):
            here = [entry for entry in own if entry['kappa'] == kappa]
            draw_path(ax, here, number, colour, rf'$\kappa={kappa:g}$')
            ends += [one.value for one in couplings(here, 'kappa_prime')]
        ax.set_title(flow.title(kind))
        ax.set_yscale('log')
    axes[0, 0].set_xlim(min(ends) - MARGIN, max(ends) + MARGIN)
    finish(axes, len(shown))
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=6)
    return figure


def finish(axes: np.ndarray, count: int) -> None:
    """Mark what is known in the first `count` panels, label the outer ones, and hide the others."""
    for ax in axes.flat[:count]:
        draw_landmarks(ax)
        logarithmic(ax.yaxis)
    for ax in axes[:, 0]:
        ax.set_ylabel(r'$\lambda^\prime$')
    for ax in axes.flat[max(0, count - axes.shape[1]):count]:
        ax.set_xlabel(r'$\kappa^\prime$')
        ax.tick_params(labelbottom=True)
    for ax in axes.flat[count:]:
        ax.set_visible(False)


def draw_path(axes: Axes, entries: list[Entry], number: int, colour: tuple, label: str) -> None:
    """Draw the levels of a kind of block spin from one kappa."""
    kappa, lam = (couplings(entries, name) for name in ('kappa_prime', 'lambda_prime'))
    there = [k for k, one in enumerate(lam) if one.value > 0]
    if not there:
        return
    x, x_error, x_truncation = (np.array([getattr(kappa[k], part) for k in there])
                                for part in ('value', 'error', 'truncation'))
    y, y_error, y_truncation = (np.array([getattr(lam[k], part) for k in there])
                                for part in ('value', 'error', 'truncation'))
    bars_across(axes, x - x_truncation, x + x_truncation, y, 2.5, colour)
    bars(axes, x, np.maximum(y - y_truncation, 0.5 * y), y + y_truncation, 0, 2.5, colour)
    line(axes, x, y, color=colour, lw=0.6, alpha=0.7)
    points(axes, x, y, y_error, number, xerr=x_error, color=colour, label=label, markersize=3)
    dots(axes, x[:1], y[:1], marker='x', color='k', markersize=6, zorder=3)


def parting(entries: list[Entry], kappas: list[float], middle: float | None) -> bool:
    """Return whether lambda' at other kappas moves away from that at `middle` with every step."""
    by_level = {kappa: {one.level: math.log(one.value) for one in couplings(
        [entry for entry in entries if entry['kappa'] == kappa], 'lambda_prime') if one.value > 0}
        for kappa in kappas}
    there = next((by_level[kappa] for kappa in kappas if kappa == middle), {})
    apart = []
    for kappa in set(kappas) - {middle}:
        levels = sorted(by_level[kappa].keys() & there.keys())
        apart.append([abs(by_level[kappa][level] - there[level]) for level in levels])
    return bool(apart) and all(len(one) > 2 and (np.diff(one) > 0).all() for one in apart)


def draw_landmarks(axes: Axes) -> None:
    """Mark the critical line, and where the two fixed points lie."""
    limits = axes.get_ylim()
    lam = np.geomspace(SMALLEST, LARGEST, 60)
    line(axes, [kappa_c(each) for each in lam], lam, color='0.45', lw=0.7, ls=(0, (5, 2)), zorder=0)
    axes.set_ylim(limits)
    landmark(axes, GAUSSIAN, 'Gaussian', above=False)
    landmark(axes, ISING, 'Ising', above=True)
