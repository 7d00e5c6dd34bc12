"""Which block spin is best: steps until y_t is right, against the truncation there."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.flow.judgement import EXACT, WITHIN, Judgement, best
from phi4hpc.flow.kinds import of_signs
from phi4hpc.report import flow
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import (
    FULL,
    Plot,
    abreast,
    colour,
    logarithmic,
    panels,
    points,
    reference,
)

PLACE = 'flow', 50
TITLE = 'Which block spin is best'
CAPTION = """
How far y<sub>t</sub> is from 1, by step of {{ L() }} = {{ f.start }}, at κ = {{ f.kappa }};
dashed: {{ f.within }}%. A block spin has arrived at the first step from which on it is below, or no
more than two errors above. {{ f.plane | safe }}: the step of arrival, and the truncation of
y<sub>t</sub> there, its change from the set of operators before, with the jackknife error of that
change; better is fewer steps and a smaller truncation. What has not arrived stands behind the line,
with the truncation of its last step.
{%- if f.best %} First to arrive, at step {{ f.step }}, and
{{- ' not to be told apart by truncation, are' if f.best | length > 1
    else ' of the least truncation, is' }}
{%- for m in f.best %} {{ m.title }}, with y<sub>t</sub> = {{ m.value }} and a truncation of
{{ m.truncation }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
{%- else %} No block spin has arrived.{% endif %} This is by y<sub>t</sub> alone, of which the exact
value is known; y<sub>h</sub> may need more steps, and large errors make it easy to arrive.
{%- if f.never %} Not arrived: {{ f.never | join('; ') }}.{% endif %}
"""

LOWEST = 1e-4                 # of |y_t - 1| that is shown; what is below is right by chance


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure, at the kappa nearest to kappa_c."""
    judgements = [one for one in flow.judgements(study) if one.y_t]
    if not judgements:
        return
    numbers, by_name = flow.numbers(study), {one.blocks: one for one in judgements}
    sides = flow.sides(sorted(by_name))
    figure, axes = panels(1, len(sides) + 1, FULL, 3.6)
    never = 1 + max(each.step for one in judgements for each in one.y_t)
    for ax, (side, names) in zip(axes[0], sides.items(), strict=False):
        for position, blocks in enumerate(names):
            apart, steps = abreast(position, len(names), 0.6), by_name[blocks].y_t
            points(ax, [each.step for each in steps],
                   [abs(each.value / EXACT['y_t'] - 1) for each in steps],
                   [each.joint for each in steps], numbers[blocks], apart,
                   **({'markerfacecolor': colour(numbers[blocks])} if side == 'signs' else {}),
                   label=flow.title(blocks))
        reference(ax, y=WITHIN)
        ax.set(xlabel='step', yscale='log', title=f'of {side}', xlim=(0.5, never - 0.5))
        lowest = min(abs(each.value / EXACT['y_t'] - 1) for blocks in names
                     for each in by_name[blocks].y_t)
        ax.set_ylim(max(0.5 * min(lowest, WITHIN), LOWEST), 1)
        ax.set_xticks(range(1, never))
        logarithmic(ax.yaxis)
    axes[0, 0].set_ylabel(r'$|y_t-1|$')
    draw_plane(axes[0, -1], judgements, numbers, never)
    flow.legend(figure)
    yield Plot(figure, {
        'kappa': f'{flow.critical_rung(study, "exponents"):g}', 'within': f'{100 * WITHIN:g}',
        'start': max(one.start for one in judgements),
        'step': judgements[0].rank[0],
        'best': [{'title': flow.title(one.blocks), 'value': value_error(there.value, there.joint),
                  'truncation': flow.distance(there.truncation, there.truncation_error)}
                 for one in best(judgements) if (there := one.arrived)],
        'plane': figure.letters(axes[0, -1]),
        'never': [flow.title(one.blocks) for one in judgements if not one.arrived]})


def draw_plane(axes: Axes, judgements: list[Judgement], numbers: dict[str, int],
               never: int) -> None:
    """Draw truncations against the step of arrival, or those of the last step at `never`."""
    for position, one in enumerate(judgements):
        there, number = one.arrived, numbers[one.blocks]
        read = there or one.y_t[-1]
        apart = abreast(position, len(judgements), 0.6)
        face = colour(number) if of_signs(one.blocks) else 'white'
        if read.truncation > 0:
            points(axes, [there.step if there else never], [read.truncation],
                   [np.nan_to_num(read.truncation_error)], number, apart, markerfacecolor=face)
    axes.set(xlabel='step of arrival', ylabel=r'truncation of $y_t$', yscale='log',
             xlim=(0.5, never + 0.5))
    axes.set_xticks(range(1, never + 1), [*map(str, range(1, never)), 'not'])
    reference(axes, x=never - 0.5, ls='-')
    logarithmic(axes.yaxis)
