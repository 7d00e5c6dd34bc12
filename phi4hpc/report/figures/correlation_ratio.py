"""The correlation length over L, and what the energy and its fluctuation do."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.report import against_kappa
from phi4hpc.report.against_kappa import critical
from phi4hpc.report.study import Study, column
from phi4hpc.report.style import FULL, Plot, logarithmic, panels

PLACE = 'transition', 50
TITLE = 'Correlation length and energy'
CAPTION = """
<b>A</b>: the second-moment correlation length over {{ L() }},
ξ = √(<i>G</i>(0)/<i>G</i>(2π/{{ L() }}) − 1)/(2 sin(π/{{ L() }}))
{{- ', on a log axis' if f.log }}
{%- if f.near %}; <b>B</b>: around κ<sub>c</sub>{% endif %}
{%- if f.interacting %}; dotted, {{ f.star }}, at which large lattices cross in the Ising class on a
periodic square{% endif %}.
{% if f.broken %} In the broken phase it holds the condensate and is no length.{% endif %}
 {% if f.near %}<b>C</b> and <b>D</b>{% else %}<b>B</b> and <b>C</b>{% endif %}: the hopping energy
a site and its fluctuation, d² ln <i>Z</i>/dκ²/Ω.
{% if f.curves %} Bands, here as in the figures before: reweighted from all rungs of the ladder by
multiple histograms, one standard error wide, with autocorrelation.{% endif %}
{{ kappa_c(f) }}
"""

SPREAD = 5.0                  # from the least to the largest xi / L, where the axis is logarithmic
RATIOS = 0.4, 2.5             # of the universal xi / L, between which a lattice is near kappa_c


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure."""
    near = around(study)
    figure, axes = panels(2, 2, FULL, 5.0) if near else panels(1, 3, FULL, 2.6)
    names = ['correlation_ratio'] * (2 if near else 1) + ['hopping', 'specific_heat']
    for ax, name in zip(axes.flat, names, strict=True):
        against_kappa.draw(ax, study, name)
        if name == 'correlation_ratio':
            against_kappa.universal(ax, study, name)
        if not near:
            ax.locator_params(axis='x', nbins=3)
    values = np.concatenate([column(study.entries(L), 'correlation_ratio')[0]
                             for L in study.sizes])
    if (values > 0).all() and values.max() > SPREAD * values.min():
        axes[0, 0].set_yscale('log')
        logarithmic(axes[0, 0].yaxis)
    if near:
        axes[0, 1].set(xlim=near, ylim=[part * UNIVERSAL['correlation_ratio'] for part in RATIOS])
        axes[0, 1].locator_params(axis='x', nbins=5)
    against_kappa.legend(figure, axes, study)
    yield Plot(figure, {**against_kappa.facts(study), 'curves': bool(study.reweighted),
                        'near': near is not None, 'log': axes[0, 0].get_yscale() == 'log',
                        'star': f'{UNIVERSAL["correlation_ratio"]:.6g}'})


def around(study: Study) -> tuple[float, float] | None:
    """Return kappas around kappa_c within which xi / L of the smallest lattice passes RATIOS.

    None where kappa_c is not known, or the lattice is not seen on both sides.
    """
    middle = critical(study)
    kappas, (ratio, _) = (study.kappas(study.sizes[0]),
                          column(study.entries(study.sizes[0]), 'correlation_ratio'))
    low, high = (part * UNIVERSAL['correlation_ratio'] for part in RATIOS)
    if not middle or not (ratio[0] < low and ratio[-1] > high):
        return None
    below, above = kappas[ratio < low].max(), kappas[ratio > high].min()
    wide = min(middle.value - below, above - middle.value)
    return (middle.value - wide, middle.value + wide) if wide > 0 else None
