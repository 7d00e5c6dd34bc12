"""The order parameter against kappa."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.report import against_kappa
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study, column
from phi4hpc.report.style import HALF, Plot, panels

PLACE = 'transition', 20
TITLE = 'Absolute magnetisation'
CAPTION = """
⟨|{{ M() }}|⟩ with {{ M() }} = Σ<sub>x</sub> φ(x)/Ω, the order parameter of the
{{ 'broken ' if f.broken }}Z<sub>2</sub> symmetry.
{% if f.symmetric %} In the symmetric phase it is the width of a distribution around zero
{%- if f.falls %}, and falls like 1/{{ L() }} once {{ L() }} exceeds the correlation length: from
{{ L() }} = {{ f.falls.small }} to {{ f.falls.large }} by a factor of {{ f.falls.factor }} at
κ = {{ f.falls.kappa }}{% endif %}.{% endif %}
{% if f.apart %} In the broken phase it
{{- ' does not depend on' if f.apart.same else ' ceases to depend on' }} {{ L() }} where that is
large against the correlation length: at κ = {{ f.apart.kappa }} the two largest lattices
{{- '' if f.apart.same else ' still' }} differ by {{ f.apart.difference }}.{% endif %}
{{ kappa_c(f) }}
"""

ALIKE = 2.0                   # joint errors within which lattices agree


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure."""
    figure, axes = panels(width=HALF * 1.35, height=3.1)
    against_kappa.draw(axes[0, 0], study, 'abs_magnetisation')
    against_kappa.legend(figure, axes, study)
    yield Plot(figure, {**against_kappa.facts(study), 'falls': falls(study), 'apart': apart(study)})


def falls(study: Study) -> dict[str, object] | None:
    """Return by what factor it falls between the two largest lattices, at the lowest rung."""
    if len(study.sizes) < 2 or not study.phases['symmetric']:
        return None
    (large, error), (small, small_error) = two_largest(study, 0)
    factor = small / large
    return {'small': study.sizes[-2], 'large': study.sizes[-1],
            'kappa': f'{study.kappas(study.sizes[-1])[0]:g}',
            'factor': value_error(factor, factor * np.hypot(error / large, small_error / small))}


def apart(study: Study) -> dict[str, object] | None:
    """Return how far the two largest lattices differ at the highest rung, and if within errors."""
    if len(study.sizes) < 2 or not study.phases['broken']:
        return None
    (large, error), (small, small_error) = two_largest(study, -1)
    joint = float(np.hypot(error, small_error))
    return {'kappa': f'{study.kappas(study.sizes[-1])[-1]:g}',
            'same': abs(large - small) < ALIKE * joint,
            'difference': value_error(large - small, joint)}


def two_largest(study: Study, rung: int) -> list[tuple[float, float]]:
    """Return (value, error) at a rung, of the largest lattice and of the one before it.

    The first and the last rung, which are asked for, are the same on all lattices.
    """
    found = (column(study.entries(L), 'abs_magnetisation') for L in study.sizes[:-3:-1])
    return [(float(value[rung]), float(error[rung])) for value, error in found]
