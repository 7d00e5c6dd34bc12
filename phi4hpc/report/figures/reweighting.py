"""What reweighting rests on, the overlap of neighbouring rungs, and the free energy it gives."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, band, colour, panels, points, reference
from phi4hpc.statistics.reweighting import POOR
from phi4hpc.statistics.rungs import phases

PLACE = 'sampling', 30
TITLE = 'Overlap and free energy'
CAPTION = """
<b>A</b>: the overlap of neighbouring rungs: the part of an estimate at one, reweighted from all
rungs together, that the draws of the other make up. Where it is less than
{{ f.poor }} (dashed), curves between the two are doubtful.
{%- for t in f.thin %} <strong>At {{ L() }} = {{ t.L }} the draws at κ = {{ t.lower }} and
{{ t.upper }} overlap by {{ t.overlap }} only: put more rungs there.</strong>{% endfor %}
 <b>B</b>: the free energy <i>F</i> = −ln(<i>Z</i>/<i>Z</i><sub>1</sub>), with <i>Z</i><sub>1</sub>
at the lowest rung{% if f.largest %}: how that of a lattice differs from what {{ L() }} =
{{ f.largest }} has on as many sites, Δ<i>F</i> = <i>F<sub>L</sub></i> −
({{ L() }}/{{ f.largest }})² <i>F</i><sub>{{ f.largest }}</sub>. The bulk cancels, and finite-size
effects are left
{%- if f.ends %}, which from the symmetric to the broken phase come to
−ln 2 (1 − ({{ L() }}/{{ f.largest }})²) (dashed), as a lattice of any size has two phases there
{%- for e in f.ends %}{{ ': at the highest κ' if loop.first }} {{ L() }} = {{ e.L }} has
{{ e.found }} against {{ e.exact }}{{- ',' if not loop.last }}{% endfor %}{% endif %}.
{%- else %} a site.{% endif %}
"""


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where there are rungs to reweight between."""
    if study.deck.ladder.rungs < 2:
        yield Missing('No overlap is shown: the ladder has one rung.')
        return
    if not study.reweighted:
        yield Missing('No curve is reweighted: no lattice has enough draws for it.')
        return
    figure, axes = panels(1, 2, FULL, 2.7)
    for table in study.reweighted:
        rungs, overlap = study.kappas(table['L']), np.array(table['overlap'])
        points(axes[0, 0], (rungs[1:] + rungs[:-1]) / 2, np.diag(overlap, 1),
               table['overlap_error'], study.sizes.index(table['L']), label=f'$L={table["L"]}$')
    largest = draw_free_energy(axes[0, 1], study)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=8)
    reference(axes[0, 0], y=POOR)
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='overlap $O_{i,i+1}$',
                   ylim=(0, None))
    axes[0, 0].locator_params(axis='x', nbins=5)
    yield Plot(figure, {'poor': POOR, 'thin': thin(study), 'largest': largest,
                        'ends': ends(study)})


def draw_free_energy(axes: Axes, study: Study) -> int | None:
    """Draw the free energy of each lattice, less that of the largest for its sites.

    Return the largest lattice; of one lattice alone draw the free energy a site, and return None.
    """
    *smaller, last = study.reweighted
    axes.set_xlabel(r'$\kappa$')
    if not smaller:
        value, error = free_energy(last)
        band(axes, last['kappa'], value / last['L'] ** 2, error / last['L'] ** 2, 0)
        axes.set_ylabel(r'$F/\Omega$')
        return None
    for table in smaller:
        kappa, difference, error = less(table, last, study.kappas(table['L']))
        number, part = study.sizes.index(table['L']), (table['L'] / last['L']) ** 2
        band(axes, kappa, difference, error, number)
        if crosses(study, table['L']):
            reference(axes, y=-np.log(2) * (1 - part), color=colour(number))
    reference(axes, y=0)
    axes.set_ylabel(r'$\Delta F$')
    return last['L']


def ends(study: Study) -> list[dict[str, object]]:
    """Return Delta F of each lattice at the highest kappa, and what two phases make it.

    A lattice is left out where Delta F ends before that kappa, or its ladder within a phase.
    """
    *smaller, last = study.reweighted
    found = []
    for table in (table for table in smaller if crosses(study, table['L'])):
        rungs = study.kappas(table['L'])
        kappa, difference, error = less(table, last, rungs)
        if not kappa.size or kappa[-1] < min(rungs[-1], last['kappa'][-1]):
            continue
        exact = -np.log(2) * (1 - (table['L'] / last['L']) ** 2)
        found.append({'L': table['L'], 'exact': f'{exact:.3f}',
                      'found': value_error(float(difference[-1]), float(error[-1]))})
    return found


def crosses(study: Study, L: int) -> bool:
    """Return whether the ladders of a lattice and of the largest lead through the transition."""
    own = [phases(study.entries(size), study.deck.action.lam) for size in (L, study.sizes[-1])]
    return all(seen['transition'] for seen in own)


def free_energy(table: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return (value, error) of -ln(Z / Z_1) over the kappas of a table."""
    value, error = (np.array(table['free_energy'][part], float) for part in ('value', 'error'))
    return value, error


def less(table: dict[str, Any], last: dict[str, Any],
         kappas: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (kappa, difference, error) of a table less the last one for its sites, on its ladder.

    Lattices are independent. A spline carries the last one to the kappas of the table. Where rungs
    do not overlap, free energies end, and so does their difference.
    """
    from scipy.interpolate import CubicSpline

    kappa, part = np.array(table['kappa']), (table['L'] / last['L']) ** 2
    known = np.isfinite(free_energy(last)).all(0)
    last_kappa = np.array(last['kappa'])[known]
    own = np.isfinite(free_energy(table)).all(0)
    own &= (kappa >= max(kappas[0], last_kappa[0])) & (kappa <= min(kappas[-1], last_kappa[-1]))
    value, error = (column[own] for column in free_energy(table))
    other, other_error = (CubicSpline(last_kappa, column[known])(kappa[own])
                          if len(last_kappa) > 3 else
                          np.interp(kappa[own], last_kappa, column[known])
                          for column in free_energy(last))
    return kappa[own], value - part * other, np.hypot(error, part * other_error)


def thin(study: Study) -> list[dict[str, object]]:
    """Return the neighbours that overlap too little."""
    return [{'L': table['L'], 'lower': f'{lower:g}', 'upper': f'{upper:g}',
             'overlap': f'{part:.1g}'}
            for table in study.reweighted for lower, upper, part in table['thin']]
