"""The correlation length over L, and what the energy and its fluctuation do."""

from collections.abc import Iterator

from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.report import against_kappa
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, panels

PLACE = 'transition', 50
TITLE = 'Correlation length and energy'
CAPTION = """
Left: the second-moment correlation length over {{ L() }},
ξ = √(<i>G</i>(0)/<i>G</i>(2π/{{ L() }}) − 1)/(2 sin(π/{{ L() }}))
{%- if f.interacting %}; dotted, {{ f.star }}, at which large lattices cross in the Ising class on a
periodic square{% endif %}.
Middle and right: the hopping energy a site and its fluctuation, d² ln <i>Z</i>/dκ²/Ω.
{% if f.curves %} Bands, here as in the figures before: reweighted from all rungs of the ladder by
multiple histograms, one standard error wide, with autocorrelation.{% endif %}
{{ kappa_c(f) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure."""
    figure, axes = panels(1, 3, FULL, 2.7)
    for ax, name in zip(axes[0], ('correlation_ratio', 'hopping', 'specific_heat'), strict=True):
        against_kappa.draw(ax, study, name)
        ax.locator_params(axis='x', nbins=4)
    against_kappa.universal(axes[0, 0], study, 'correlation_ratio')
    axes[0, 0].legend()
    yield Plot(figure, {**against_kappa.facts(study), 'curves': bool(study.reweighted),
                        'star': f'{UNIVERSAL["correlation_ratio"]:.6g}'})
