"""y_t and y_h by step, of every kind of block spin, with the errors that each has."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.flow.judgement import EXACT, Exponent, Judgement
from phi4hpc.report import flow
from phi4hpc.report.flowtables import PUBLISHED
from phi4hpc.report.study import Study
from phi4hpc.report.style import (
    FULL,
    Missing,
    Plot,
    abreast,
    bars,
    boxes,
    colour,
    dots,
    panels,
    points,
    reference,
)

PLACE = 'flow', 30
TITLE = 'Exponents by step'
CAPTION = """
y<sub>t</sub> = 1/ν and y<sub>h</sub> = 2 − β/ν from the leading even and odd eigenvalue of the
stability matrix (Swendsen) at κ = {{ f.kappa }}, by the most operators there are; step <i>n</i>
goes from level <i>n</i> − 1 to <i>n</i> of {{ L() }} = {{ f.start }}. Dashed: the exact 1 and 15/8.
Bars with caps: jackknife errors; broad pale bars: truncation, the change from the set of operators
before; open boxes: lattice, the change from half the lattice at the same step
{%- if f.seeds %}; dots: single training seeds{% endif %}. Full markers: the first step at which
both exponents agree with those of the next within two errors of the difference, where there is one.
{%- if f.older %} <strong>An older version has made flow.json, without errors of differences between
steps that share their draws: those of both steps are added up as if they did not. Remove it, and
<code>phi4hpc run</code> makes it anew without blocking any draw.</strong>{% endif %}
“lit.”, published, where the axes reach it: ■ biased sampling of the Ising model at
{{ L() }} = 300 (arXiv:1707.08683), whose systematic error of y<sub>h</sub> is a thousand times the
one shown; ◆ 1/ν of a learned flow of this theory (arXiv:2510.06508). For a linear block that
keeps the zero mode, y<sub>h</sub> is 2 − log<sub>2</sub> of the factor that the field is divided
by, exactly: it tests the normalisation of the field and not the block spin.
{%- if f.beyond %} Beyond the axes: {{ f.beyond | safe }}.{% endif %}
"""

LABELS = {'y_t': r'$y_t$', 'y_h': r'$y_h$'}
LIMITS = {'y_t': (0.6, 1.6), 'y_h': (1.7, 2.0)}


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, at the kappa nearest to kappa_c."""
    if not study.flow['exponents']:
        return
    judgements = [one for one in flow.judgements(study) if one.y_t or one.y_h]
    if not judgements:
        yield Missing('No exponents are shown: no step resolves an eigenvalue.')
        return
    numbers, by_name = flow.numbers(study), {one.blocks: one for one in judgements}
    sides = flow.sides(sorted(by_name))
    figure, axes = panels(2, len(sides), FULL, 6.6, sharex=True)
    last = max(each.step for one in judgements for each in (*one.y_t, *one.y_h))
    for column, (side, names) in zip(axes.T, sides.items(), strict=True):
        for ax, name in zip(column, EXACT, strict=True):
            for position, blocks in enumerate(names):
                apart, one = abreast(position, len(names), 0.8), by_name[blocks]
                draw_steps(ax, getattr(one, name), one.settled, apart, numbers[blocks],
                           flow.title(blocks))
            draw_published(ax, name, last + 1)
            reference(ax, y=EXACT[name])
            ax.set_ylim(*limits([by_name[blocks] for blocks in names], name))
        column[0].set_title(f'of {side}')
        column[-1].set_xticks(range(1, last + 2), [*map(str, range(1, last + 1)), 'lit.'])
        for ax in column:
            ax.set_xlabel('step')
    for ax, name in zip(axes[:, 0], EXACT, strict=True):
        ax.set_ylabel(LABELS[name])
    flow.legend(figure)
    yield Plot(figure, {'kappa': f'{flow.critical_rung(study, "exponents"):g}',
                        'start': max(one.start for one in judgements),
                        'seeds': any(len(each.seeds) > 1 for one in judgements for each in one.y_t),
                        'older': flow.older(study),
                        'beyond': ', '.join(beyond(judgements))})


def draw_steps(axes: Axes, steps: list[Exponent], settled: int | None, apart: float,
               number: int, label: str) -> None:
    """Draw an exponent of one kind of block spin, a marker for each step."""
    for one in steps:
        x = [one.step]
        bars(axes, x, [one.value - one.truncation], [one.value + one.truncation], number,
             label=label, apart=apart)
        if np.isfinite(one.lattice):
            boxes(axes, x, [one.value], [one.lattice], number, label=label, apart=apart)
        if len(one.seeds) > 1:
            dots(axes, x * len(one.seeds), one.seeds, number, label, apart + 0.06, marker='.',
                 markersize=2)
        face = colour(number) if one.step == settled else 'white'
        points(axes, x, [one.value], [one.error], number, apart, markerfacecolor=face, label=label)


def draw_published(axes: Axes, name: str, x: float) -> None:
    """Draw published values beside the last step."""
    there = [paper for paper in PUBLISHED if name in paper.values]
    for paper in there:
        value, error = paper.values[name]
        points(axes, [x], [value], [error], fmt=paper.marker, color='k', markerfacecolor='k')


def limits(judgements: list[Judgement], name: str) -> tuple[float, float]:
    """Return the ends of an axis: those of the data, as far as they lie within LIMITS."""
    ends = [one.value + sign * max(one.error, np.nan_to_num(one.truncation)) for judgement in
            judgements for one in getattr(judgement, name) for sign in (-1, 1)]
    low, high = min(*ends, 0.99 * EXACT[name]), max(*ends, 1.01 * EXACT[name])
    margin = 0.06 * (high - low)
    return max(low - margin, LIMITS[name][0]), min(high + margin, LIMITS[name][1])


def beyond(judgements: list[Judgement]) -> Iterator[str]:
    """Yield in words what lies beyond the axes."""
    for name, (low, high) in LIMITS.items():
        for one in judgements:
            for each in getattr(one, name):
                if not low < each.value < high:
                    yield (f'y<sub>{name[-1]}</sub> = {each.value:.3g} of '
                           f'{flow.title(one.blocks)}, step {each.step}')
