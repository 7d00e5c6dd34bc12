"""lambda' against the level, and how much it changes from one level to the next."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.flow.kinds import kinds, of_kind
from phi4hpc.flow.rest import STILL, Coupling, at_rest, changes, couplings
from phi4hpc.report import flow
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import (
    FULL,
    Missing,
    Plot,
    abreast,
    bars,
    legend,
    logarithmic,
    panels,
    points,
    reference,
)

PLACE = 'flow', 20
TITLE = 'How soon the interaction stops moving'
CAPTION = """
<b>A</b>: λ′ at κ = {{ f.kappa }} after each blocking of {{ L() }} = {{ f.start }}; level 0 are the
stored draws, at λ = {{ f.lam }}. It is that of the closest action of three couplings. Bars with
caps: jackknife errors; broad pale bars: what further neighbours change
{%- if f.seeds %}; narrow ones: the standard deviation over training seeds, of which the points are
means{% endif %}. <b>B</b>: the part by which λ′ changes from a level to
the next; bars: the error of that change, of draws that both levels share
{{- ', and of the mean over seeds' if f.seeds }}. A block spin has come to rest at the first level
from which on changes are below {{ f.still }}% (dashed), or no more than two errors above:
{%- for k in f.kinds %} {{ k.title }}: {{ k.said }}{{ ';' if not loop.last else '.' }}{% endfor %}
λ′ at rest differs between block spins, as their fixed points do; exponents alone must agree.
"""


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, at the kappa nearest to kappa_c."""
    entries = study.flow['couplings']
    if not entries:
        return
    kappa = flow.critical_rung(study, 'couplings')
    here = [entry for entry in entries if entry['kappa'] == kappa]
    shown = {kind: found for kind in kinds(here)
             if len(found := positive(couplings(of_kind(here, kind), 'lambda_prime'))) > 1}
    if not shown:
        yield Missing('No λ′ is shown by level: no block spin has one at two levels.')
        return
    figure, axes = panels(1, 2, FULL, 3.4)
    numbers = flow.numbers(study)
    for position, (kind, found) in enumerate(shown.items()):
        apart, number = abreast(position, len(shown), 0.5), numbers[kind]
        level, value, error, truncation, spread, *_ = (np.array(part) for part in
                                                       zip(*found, strict=True))
        for part, width in ((truncation, 5), (spread, 2)):
            there = np.isfinite(part)
            bars(axes[0, 0], level[there], np.maximum(value - part, 0.5 * value)[there],
                 (value + part)[there], number, width, apart=apart)
        points(axes[0, 0], level, value, error, number, apart, label=flow.title(kind))
        step, change, noise = changes(found)
        points(axes[0, 1], step, change, noise, number, apart)
    axes[0, 0].set(xlabel='level', ylabel=r'$\lambda^\prime$', yscale='log')
    axes[0, 1].set(xlabel='step', yscale='log',
                   ylabel=r'$|\ln(\lambda^\prime_n/\lambda^\prime_{n-1})|$')
    axes[0, 1].set_ylim(bottom=max(axes[0, 1].get_ylim()[0], 1e-3))
    reference(axes[0, 1], y=STILL)
    for ax in axes[0]:
        logarithmic(ax.yaxis)
        ax.xaxis.get_major_locator().set_params(integer=True)
    legend(figure, axes[0, 0], ncols=3)
    yield Plot(figure, {
        'kappa': f'{kappa:g}', 'lam': f'{study.deck.action.lam:g}', 'still': f'{100 * STILL:g}',
        'start': max(entry['start'] for entry in here),
        'seeds': any(np.isfinite(one.spread) for found in shown.values() for one in found),
        'kinds': [{'title': flow.title(kind), 'said': said(found)}
                  for kind, found in shown.items()]})


def positive(found: list[Coupling]) -> list[Coupling]:
    """Return those that a logarithmic axis can show."""
    return [one for one in found if one.value > 0]


def said(found: list[Coupling]) -> str:
    """Return what the caption says of a kind of block spin."""
    level, last = at_rest(found), found[-1]
    words = f'λ′ = {value_error(last.value, last.error)} at level {last.level}'
    return f'not at rest, {words}' if level is None else f'from level {level} on, {words}'
