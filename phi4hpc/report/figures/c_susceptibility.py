"""The connected susceptibility, which peaks, beside the one without subtraction, which does not."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.report import against_kappa
from phi4hpc.report.findings import beyond, peaks
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, logarithmic, panels

PLACE = 'transition', 30
TITLE = 'Susceptibility'
CAPTION = """
<b>A</b>{{ ', on a log axis' if f.log }}: the connected susceptibility
χ = Ω(⟨{{ M() }}²⟩ − ⟨|{{ M() }}|⟩²), with ⟨|{{ M() }}|⟩ for ⟨{{ M() }}⟩ because both signs of {{
M() }} are sampled.
{% if f.beyond %} Curves are reweighted beyond the rungs, to where it peaks.{% endif %}
{%- if f.grows %} It peaks near the transition. From {{ L() }} = {{ f.grows.small }} to
{{ f.grows.large }} the peak grows like {{ L() }}<sup>{{ f.grows.power }}</sup>; in the Ising class
the power tends to 7/4 on large lattices.
{%- elif not f.interacting %} At λ = 0 the magnetisation is Gaussian, so
χ = (1 − 2/π)Ω⟨{{ M() }}²⟩, and Ω⟨{{ M() }}²⟩ = <i>G</i>(0) = 1/(2 − 8κ) diverges at κ = 1/4.
{%- endif %}
{% if f.peaks %} Largest values{{ ' on the largest lattices' if f.more }}:
{%- for p in f.peaks %}{{ ';' if not loop.first }} χ = {{ p.value }} at
{{ 'the rung ' if not p.reweighted }}κ = {{ p.kappa }} for {{ L() }} = {{ p.L }}{% endfor %}.
{%- endif %}
 <b>B</b>, on a log axis: Ω⟨{{ M() }}²⟩, which is the susceptibility of the symmetric phase
{{- '; in the broken one it holds the condensate and does not peak' if f.broken }}.
{{ kappa_c(f) }}
"""

SPREAD = 10                   # of peaks, from which on a linear axis hides the smallest
NAMED = 3                     # peaks in the caption, at most


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure."""
    figure, axes = panels(1, 2, FULL, 2.9)
    against_kappa.draw(axes[0, 0], study, 'susceptibility', peaks=True)
    against_kappa.draw(axes[0, 1], study, 'susceptibility_m2', peaks=True)
    axes[0, 1].set_yscale('log')
    logarithmic(axes[0, 1].yaxis)
    heights = [top['susceptibility']['value'] for top in study.results['largest_susceptibility']]
    if log := len(heights) > 1 and max(heights) > SPREAD * min(heights):
        axes[0, 0].set_yscale('log')
        logarithmic(axes[0, 0].yaxis)
    against_kappa.legend(figure, axes, study)
    found = peaks(study)
    yield Plot(figure, {**against_kappa.facts(study), 'peaks': found[-NAMED:],
                        'more': len(found) > NAMED, 'grows': grows(study), 'beyond': beyond(study),
                        'log': log})


def grows(study: Study) -> dict[str, object] | None:
    """Return the power of L by which the peak grows between the two largest lattices, if found."""
    found = {peak['L']: peak['height'] for peak in study.transition['peaks']}
    if len(found) < 2:
        return None
    small, large = sorted(found)[-2:]
    ratio, step = found[large]['value'] / found[small]['value'], np.log(large / small)
    error = np.hypot(*(found[L]['error'] / found[L]['value'] for L in (small, large)))
    return {'small': small, 'large': large,
            'power': value_error(float(np.log(ratio) / step), float(error / step))}
