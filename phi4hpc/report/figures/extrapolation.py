"""The kappas at which U_L and xi / L have their critical values, and where they lead."""

from collections.abc import Iterator
from typing import Any

from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.lattice.transition import known
from phi4hpc.report.findings import critical_point
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, panels, points, reference, shade
from phi4hpc.statistics.critical import OMEGA
from phi4hpc.statistics.fits import OMEGAS

PLACE = 'transition', 70
TITLE = 'Critical point'
CAPTION = """
Where {{ UL() }} and ξ/{{ L() }} take the values that they have at criticality in the Ising class,
against {{ L() }}<sup>−{{ f.power }}</sup>, which is {{ L() }}<sup>−1/ν−ω</sup> with ν = 1 and the
leading ω = 7/4 of large lattices: all lattices (<b>A</b>) and the larger half of them (<b>B</b>);
the band is κ<sub>c</sub> with its error.
{%- if f.known %} Dashed: {{ f.known }}, known before.{% endif %}
κ<sub>c</sub> = {{ f.kappa_c }} comes from all of them, with corrections {{ L() }}<sup>−1−ω</sup> of
all powers ω from {{ f.omegas[0] }} to {{ f.omegas[1] }}, whose amplitudes are not known; the
systematic error is what they could do that these lattices do not show. From {{ L() }} =
{{ f.smallest }} on, χ²/dof = {{ f.chi2 }}.
"""


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where kappa_c was found."""
    found, own = study.transition['kappa_c'], study.kappa_c
    if not own:
        yield Missing('No extrapolation to κ<sub>c</sub> is shown: this run does not determine it.')
        return
    figure, axes = panels(1, 2, FULL, 2.9)
    before = known(study.deck.action.lam)
    larger = study.sizes[len(study.sizes) // 2:]
    for ax, sizes in zip(axes[0], (study.sizes, larger), strict=True):
        draw_levels(ax, [e for e in study.transition['levels'] if e['L'] in sizes])
        draw_limit(ax, *own)
        if before:
            reference(ax, y=before[0])
    axes[0, 0].legend()
    yield Plot(figure, {'kappa_c': critical_point(study), 'smallest': found['smallest'],
                        'known': before and value_error(*before, digits=1),
                        'omegas': [*OMEGAS], 'power': f'{1 + OMEGA:g}',
                        'chi2': f'{found["chi2"]:.1f}/{found["dof"]}'})


def draw_levels(axes: Axes, levels: list[dict[str, Any]]) -> None:
    """Draw the kappas of levels against L^-(1 + omega)."""
    for number, name in enumerate(('binder', 'correlation_ratio')):
        own = [level for level in levels if level['of'] == name]
        value, error = ([level['kappa'][part] for level in own] for part in ('value', 'error'))
        points(axes, [level['L'] ** -(1 + OMEGA) for level in own], value, error, number,
               label=f'from {load(name).label}')


def draw_limit(axes: Axes, value: float, error: float) -> None:
    """Draw kappa_c at infinite L, with a band as wide as its error."""
    shade(axes, 'y', value - error, value + error)
    points(axes, [0], [value], [error], 2, label=r'$\kappa_c$')
    axes.set(xlabel=f'$L^{{-{1 + OMEGA:g}}}$', ylabel=r'$\kappa$')
    axes.ticklabel_format(axis='x', scilimits=(0, 0), useMathText=True)
    axes.ticklabel_format(axis='y', useOffset=False)
