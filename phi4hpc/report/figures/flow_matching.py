"""kappa_c by two-lattice matching, beside that of finite-size scaling."""

import math
from collections.abc import Iterator

from matplotlib.axes import Axes

from phi4hpc.flow.matching import differences
from phi4hpc.lattice.operator import load
from phi4hpc.lattice.transition import known
from phi4hpc.report import flow
from phi4hpc.report.flowtables import match_row
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Entry, Study, column
from phi4hpc.report.style import FULL, Missing, Plot, abreast, panels, points, reference, shade

PLACE = 'flow', 60
TITLE = 'κ<sub>c</sub> by matching two lattices'
CAPTION = """
<b>A</b>: the mean of the operator “{{ f.operator }}” by {{ f.blocks }} on {{ L() }} after <i>n</i>
+ 1 blockings and on {{ L() }}/2 after <i>n</i>; 128<sub>3</sub> is {{ L() }} = 128 after three.
Both lattices are of one size then, and at κ<sub>c</sub> their means agree once irrelevant couplings
have died away. <b>B</b>: the difference, for all pairs. <b>C</b>: where it is zero, for every block
spin, by the operator that says it best; its error is statistical. Higher levels have less of the
irrelevant couplings and more noise.
{%- if f.scaling %} Grey: κ<sub>c</sub> = {{ f.scaling }} by finite-size scaling of this run, which
is independent of any block spin.{% endif %}
{%- if f.known %} Dashed: {{ f.known }}, known from longer runs.{% endif %} The last pair of
each
{%- if f.against %}, and by how many joint statistical errors it differs from {{ f.against }}
{%- endif %}:
{%- for m in f.last %} {{ m.title }}, {{ L() }} = {{ m.L }} after {{ m.level }} against {{ m.half }}
after {{ m.less }}: {{ m.kappa }}{{ ', ' ~ m.pull if m.pull }}
{{- ';' if not loop.last else '.' }}{% endfor %} What the interpolation between κ and the choice of
the operator add stands in the table.
"""


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where means of two lattices at several kappas are there."""
    means = study.flow['means']
    if not means:
        return
    found = flow.matches(study)
    if not found:
        yield Missing('κ<sub>c</sub> is not found by matching: no mean of two lattices is seen to '
                      'agree at a κ of the ladder and to differ beside it.')
        return
    shown = min(latest(found), key=lambda entry: (-entry['L'], -entry['level'],
                                                  entry['kappa']['error']))
    figure, axes = panels(1, 3, FULL, 3.8, width_ratios=[1, 1, 1.3])
    pairs = sorted({(entry['L'], entry['level']) for entry in found})
    draw_means(axes[0, 0], means, shown)
    draw_differences(axes[0, 1], means, shown, pairs)
    draw_matches(axes[0, 2], study, found, pairs)
    figure.legend(*axes[0, 2].get_legend_handles_labels(), loc='outside upper center', ncols=5)
    scaling, before = study.kappa_c, known(study.deck.action.lam)
    yield Plot(figure, {
        'operator': shown['operator'], 'blocks': flow.title(shown['blocks']),
        'scaling': scaling and value_error(*scaling),
        'known': before and value_error(*before, digits=1),
        'against': 'that of finite-size scaling' if scaling else before and 'the dashed line',
        'last': [{**match_row(entry), 'pull': pull(entry, scaling or before)}
                 for entry in latest(found)]})


def pull(entry: Entry, reference: tuple[float, float] | None) -> str | None:
    """Return by how many joint errors a kappa_c differs from another, with its sign."""
    if not reference:
        return None
    value, error = entry['kappa']['value'], entry['kappa']['error']
    return f'{(value - reference[0]) / math.hypot(error, reference[1]):+.1f}'


def draw_means(axes: Axes, means: list[Entry], shown: Entry) -> None:
    """Draw the mean of an operator on both lattices of a pair against kappa."""
    for number, (L, level) in enumerate(((shown['L'], shown['level']),
                                         (shown['L'] // 2, shown['level'] - 1))):
        own = sorted((entry for entry in means if entry['blocks'] == shown['blocks']
                      and (entry['start'], entry['level']) == (L, level)),
                     key=lambda entry: entry['kappa'])
        value, error = column([entry['operators'] for entry in own], shown['operator'])
        points(axes, [entry['kappa'] for entry in own], value, error, 6 - number,
               label=f'${L}_{{{level}}}$')
    axes.legend(fontsize=8)
    axes.set(xlabel=r'$\kappa$', ylabel=f'mean of {load(shown["operator"]).label}')
    axes.locator_params(axis='x', nbins=4)


def draw_differences(axes: Axes, means: list[Entry], shown: Entry,
                     pairs: list[tuple[int, int]]) -> None:
    """Draw the differences of one operator under one block spin against kappa."""
    for each in differences(means):
        if ((each.blocks, each.operator) == (shown['blocks'], shown['operator'])
                and (each.L, each.level) in pairs):
            points(axes, each.kappa_k, each.value_k, each.error_k,
                   pairs.index((each.L, each.level)), label=name_of(each.L, each.level))
    reference(axes, y=0)
    axes.set(xlabel=r'$\kappa$', ylabel='difference of means')
    axes.locator_params(axis='x', nbins=4)


def draw_matches(axes: Axes, study: Study, found: list[Entry],
                 pairs: list[tuple[int, int]]) -> None:
    """Draw where means agree, a place on the axis for each block spin, pairs of lattices beside
    each other."""
    kinds = list(dict.fromkeys(entry['blocks'] for entry in found))
    for number, pair in enumerate(pairs):
        own = [entry for entry in found if (entry['L'], entry['level']) == pair]
        apart = abreast(number, len(pairs), 0.7)
        points(axes, [kinds.index(entry['blocks']) + apart for entry in own],
               [entry['kappa']['value'] for entry in own],
               [entry['kappa']['error'] for entry in own], number, label=name_of(*pair))
    if own_c := study.kappa_c:
        value, error = own_c
        shade(axes, 'y', value - error, value + error)
    if before := known(study.deck.action.lam):
        reference(axes, y=before[0])
    axes.set_xticks(range(len(kinds)), [flow.title(kind) for kind in kinds], fontsize=7,
                    rotation=30, ha='right')
    axes.tick_params(axis='x', which='both', length=0)
    axes.set_ylabel(r'$\kappa$')


def name_of(L: int, level: int) -> str:
    """Return how a legend names the larger lattice of a pair, and the smaller one."""
    return f'${L}_{{{level}}}$, ${L // 2}_{{{level - 1}}}$'


def latest(found: list[Entry]) -> list[Entry]:
    """Return the entry of every block spin that went the furthest, from the largest lattice."""
    furthest = {entry['blocks']: entry for entry in
                sorted(found, key=lambda entry: (entry['L'], entry['level']))}
    return list(furthest.values())
