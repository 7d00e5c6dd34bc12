"""How well the exchange works: acceptance of pairs, flow between the ends, the way of a replica."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, colour, line, panels, points
from phi4hpc.storage.reader import Lattice

PLACE = 'sampling', 20
TITLE = 'Exchange of replicas'
CAPTION = """
<b>A</b>: the part of proposed swaps of replicas that was accepted, for each pair of neighbours,
over all chains and with binomial errors; a pair near 0 cuts the ladder in two.
{% if f.tuned %} The rungs were placed during thermalisation, for each lattice, so that pairs
between pinned ones reject alike.{% endif %}
 <b>B</b>: of the replicas found at a rung, those that were at the lowest rung last, and not at the
highest; dashed: what rejections alone let expect. Steeper than that, replicas turn back more often,
as their fields remember where they came from.
<b>C</b>: the κ at which one replica of the {{ L() }} = {{ f.L }} lattice is found
{{- ' in the first ' ~ f.shown ~ ' draws' if f.shown }}; it should wander over the whole ladder.
Round trips from the lowest κ to the highest and back, in each chain for each turn of swaps:
{%- for t in f.trips %} {{ t.found }} at {{ L() }} = {{ t.L }}, where rejections let expect
{{ t.expected }}{{ ';' if not loop.last else '.' }}{% endfor %}
{%- for t in f.trips[-1:] %} At {{ L() }} = {{ t.L }} these are {{ t.count }} in all,
{{ t.least }} to {{ t.most }} by a replica; with more rungs there would be 1/(2 + 2Λ) = {{ t.best }}
at most, by the communication barrier Λ = {{ t.barrier }}.{% endfor %}
{%- for t in f.trips %}{% for line in t.warnings %} <strong>At {{ L() }} = {{ t.L }}
{{ line }}.</strong>{% endfor %}{% endfor %}
"""

HOPS = 50                     # of a replica, for each rung, that a panel can show apart


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where there is a ladder to travel."""
    if study.deck.ladder.rungs < 2:
        yield Missing('No exchange is shown: the ladder has one rung.')
        return
    figure, axes = panels(1, 3, FULL, 2.5)
    exchanges = sorted(study.results['tempering'], key=lambda found: found['L'])
    for number, found in enumerate(exchanges):
        kappas = np.array(found['kappa'])
        points(axes[0, 0], (kappas[1:] + kappas[:-1]) / 2, found['acceptance'],
               found['acceptance_error'], number, label=f'$L={found["L"]}$')
        points(axes[0, 1], np.arange(len(kappas)), found['flow'], found['flow_error'], number)
        if (expected := by_rejections(np.array(found['acceptance']))) is not None:
            line(axes[0, 1], np.arange(len(kappas)), expected, color=colour(number), lw=0.7,
                 ls=(0, (5, 2)), zorder=0)
    with study.ensembles() as ensembles:
        shown = draw_way(axes[0, 2], ensembles[study.sizes[-1]])
    axes[0, 0].set(xlabel=r'$(\kappa_i+\kappa_{i+1})/2$', ylabel='swap acceptance', ylim=(0, 1.02))
    axes[0, 0].locator_params(axis='x', nbins=4)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=8)
    axes[0, 1].locator_params(axis='x', integer=True)
    axes[0, 1].set(xlabel='rung', ylabel='last at the lowest rung', ylim=(-0.02, 1.02))
    yield Plot(figure, {'L': study.sizes[-1], 'trips': [trips(found) for found in exchanges],
                        'tuned': study.deck.ladder.tuned is not None, 'shown': shown})


def by_rejections(acceptance: np.ndarray) -> np.ndarray | None:
    """Return, for every rung, the part of replicas that were at the lowest rung last.

    Replicas go on in one direction until a swap is rejected, each by chance alone, as with
    even-odd swaps (arXiv:1905.02939). None where a pair never swaps.
    """
    if not (acceptance > 0).all():
        return None
    odds = 1 / acceptance - 1
    return np.array([1, *(1 - (0.5 + odds.cumsum()[:-1]) / (1 + odds.sum())), 0])


def trips(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the caption tells of the exchange on one lattice."""
    of_replicas = np.array(found['round_trips_of_replicas'])
    return {'L': found['L'], 'count': int(of_replicas.sum()), 'barrier': f'{found["barrier"]:.2f}',
            'least': int(of_replicas.min()), 'most': int(of_replicas.max()),
            'found': f'{found["round_trips"]:.2g}',
            'expected': f'{found["expected_round_trips"]:.2g}',
            'best': f'{found["best_round_trips"]:.2g}', 'warnings': found['warnings']}


def draw_way(axes: Axes, lattice: Lattice) -> int | None:
    """Draw the hopping at which replica 0 of chain 0 is found, draw after draw.

    Where it hops too often the first draws alone are shown; return how many, else None.
    """
    draw, rung = np.nonzero(lattice.series('replica')[:, 0].T == 0)
    hops = np.flatnonzero(np.diff(rung))
    most = HOPS * len(lattice.kappas)
    shown = int(hops[most]) + 1 if len(hops) > most else len(draw)
    line(axes, draw[:shown], lattice.kappas[rung[:shown]], lw=0.5, drawstyle='steps-mid',
         color='0.3')
    axes.set(xlabel='draw', ylabel=r'$\kappa$ of replica 0', xlim=(0, shown))
    return shown if shown < len(draw) else None
