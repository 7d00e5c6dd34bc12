"""The Binder cumulant over the whole ladder, and where the curves of lattices cross or rise."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.report import against_kappa
from phi4hpc.report.numbers import written
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, HALF, Missing, Plot, panels, reference

PLACE = 'transition', 40
TITLE = 'Binder cumulant'
CAPTION = """
{% if f.near %}<b>A</b>: {% endif %}{{ UL() }} = 1 − ⟨{{ M() }}⁴⟩/(3⟨{{ M() }}²⟩²){{ ('; ' ~ f.near)
| safe if f.near }}.
{% if f.interacting %} It tends to 0 in the symmetric phase, where {{ M() }} is Gaussian, and to
2/3 in the broken one, where |{{ M() }}| is sharp
{%- if f.symmetric or f.broken %} (dashed, where that phase is seen){% endif %}. Dotted:
<i>U</i>* = {{ f.star }}, at which large lattices cross in the Ising class on a periodic square.
{%- else %} At λ = 0 the magnetisation is Gaussian at every κ and {{ L() }}, and {{ UL() }} is 0;
what was measured differs from that by {{ f.farthest }} standard errors at most.{% endif %}
{%- for c in f.brackets[-2:] %} {{ L() }} = {{ c.large }} lies below {{ L() }} = {{ c.small }} by
more than two standard errors up to κ = {{ c.below }}, and above from κ = {{ c.above }}
{%- if c.point %}; the reweighted curves cross at κ = {{ c.point }}{% endif %}.{% endfor %}
{{ kappa_c(f) }}
"""


class Window(NamedTuple):
    """Limits of a panel in kappa and in the cumulant, and words for what is seen there."""

    kappas: tuple[float, float]
    values: tuple[float, float]
    words: str


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure."""
    if not any(entry.get('binder') for L in study.sizes for entry in study.entries(L)):
        yield Missing('No Binder cumulant is shown: it is not defined at any rung.')
        return
    near = around_transition(study) or steep_part(study)
    figure, axes = panels(1, 2 if near else 1, FULL if near else HALF * 1.35, 2.9)
    for ax in axes[0]:
        draw_panel(ax, study)
    if near:
        axes[0, 1].set(xlim=near.kappas, ylim=near.values)
        axes[0, 1].locator_params(axis='x', nbins=5)
    against_kappa.legend(figure, axes, study)
    yield Plot(figure, {**against_kappa.facts(study), 'star': f'{UNIVERSAL["binder"]:g}',
                        'brackets': brackets(study), 'near': near and near.words,
                        'farthest': farthest(study)})


def draw_panel(axes: Axes, study: Study) -> None:
    """Draw the cumulant of every lattice, its limits, and its value at criticality."""
    against_kappa.draw(axes, study, 'binder')
    for value, seen in ((0, study.phases['symmetric']), (2 / 3, study.phases['broken'])):
        if seen:                           # a limit far away would take all the room
            reference(axes, y=value)
    against_kappa.universal(axes, study, 'binder', '$U^*$ (Ising)')


def around_transition(study: Study) -> Window | None:
    """Return a seventh of the ladder about kappa_c, None where that is not known.

    Of a ladder that does not lead from one phase to the other it is where lattices cross.
    """
    critical, kappas = against_kappa.critical(study), study.kappas(study.sizes[-1])
    tables = [table for table in study.reweighted if any(table['binder']['value'])]
    points = [found['kappa']['value'] for name in ('levels', 'crossings')
              for found in study.transition[name] if found['of'] == 'binder']
    if not (critical and tables and (study.phases['transition'] or len(points) > 1)):
        return None
    half = np.ptp(kappas) / 14 if study.phases['transition'] else \
        1.2 * max(abs(point - critical.value) for point in points)
    limits = critical.value - half, critical.value + half
    ends = [np.interp(limits, table['kappa'], np.array(table['binder']['value'], float))
            for table in tables]
    values = float(np.nanmin(ends)) - 0.01, float(np.nanmax(ends)) + 0.01
    return Window(limits, values, '<b>B</b>: where lattices cross' if len(study.sizes) > 1
                  else '<b>B</b>: near κ<sub>c</sub>')


def steep_part(study: Study) -> Window | None:
    """Return the rungs at which the cumulant rises, None where that is most of the ladder."""
    rising = [entry['kappa'] for L in study.sizes for entry in study.entries(L)
              if entry.get('binder') and 0.3 < entry['binder']['value'] < 0.66]
    steep, ladder = sorted(set(rising)), study.kappas(study.sizes[-1])
    if len(steep) < 3 or 2 * (steep[-1] - steep[0]) >= np.ptp(ladder):
        return None
    margin = 0.05 * (steep[-1] - steep[0])
    return Window((steep[0] - margin, steep[-1] + margin), (0.28, 0.69),
                  '<b>B</b>: its steep part')


def farthest(study: Study) -> str:
    """Return by how many errors any rung differs from 0."""
    means = [entry['binder'] for L in study.sizes for entry in study.entries(L)
             if entry.get('binder')]
    pulls = [abs(mean['value']) / mean['error'] for mean in means if mean['error']]
    return f'{max(pulls, default=0):.1f}'


def brackets(study: Study) -> list[dict[str, object]]:
    """Return the rungs between which lattices cross, with the crossing of their curves if found."""
    points = {(found['small'], found['large']): written(found['kappa'])
              for found in study.transition['crossings'] if found['of'] == 'binder'}
    return [{**found, 'below': f'{found["below"]:g}', 'above': f'{found["above"]:g}',
             'point': points.get((found['small'], found['large']))}
            for found in study.results['brackets']]
