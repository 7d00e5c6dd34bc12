"""U_L, xi / L and Omega <M^2> against (kappa - kappa_c) L, which all large lattices share."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.lattice.observable import load
from phi4hpc.lattice.transition import EXACT
from phi4hpc.report.against_kappa import critical
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, panels, points, reference

PLACE = 'transition', 80
TITLE = 'Data collapse'
CAPTION = """
{{ UL() }}, ξ/{{ L() }} and Ω⟨{{ M() }}²⟩{{ L() }}<sup>−γ/ν</sup> against
(κ − κ<sub>c</sub>){{ L() }}<sup>1/ν</sup>, with κ<sub>c</sub> = {{ f.kappa_c }} and the exact
exponents of the Ising class, ν = 1 and γ/ν = 7/4. Lattices that are large enough fall on one curve
near 0; what is left between them are corrections to scaling.
{% if f.apart %} At κ<sub>c</sub> {{ L() }} = {{ f.large }} differs from {{ L() }} = {{ f.small }}
by {{ f.apart[0] }} in {{ UL() }}, by {{ f.apart[1] }} in ξ/{{ L() }} and by {{ f.apart[2] }} in
the third.{% endif %}
"""

SHOWN = ('binder', 'correlation_ratio', 'susceptibility_m2')
EVERY = 3                     # points of a curve that are drawn


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where there are curves of several lattices, and kappa_c is known."""
    middle, tables = critical(study), study.reweighted
    if not (middle and len(tables) > 1):
        yield Missing('No data collapse is shown: it takes curves of two lattices and κ<sub>c</sub>'
                      ' within the ladder.')
        return
    figure, axes = panels(1, 3, FULL, 2.7)
    low, high = 1.1 * (study.kappas(study.sizes[-1])[[0, -1]] - middle.value) * study.sizes[-1]
    for table in tables:
        number, scaled_kappa = study.sizes.index(table['L']), scaled(table, middle.value)
        shown = np.flatnonzero((scaled_kappa > low) & (scaled_kappa < high))[::EVERY]
        for ax, name in zip(axes[0], SHOWN, strict=True):
            value, error = (part[shown] for part in curve(table, name))
            points(ax, scaled_kappa[shown], value, error, number, markersize=2.5,
                   label=f'$L={table["L"]}$')
    labels = *(load(name).label for name in SHOWN[:2]), r'$\Omega\langle M^2\rangle L^{-7/4}$'
    for ax, label in zip(axes[0], labels, strict=True):
        ax.set(xlabel=r'$(\kappa-\kappa_c)L$', ylabel=label)
        reference(ax, x=0)
    axes[0, 0].legend()
    yield Plot(figure, {'kappa_c': value_error(middle.value, middle.error, digits=1),
                        'small': tables[0]['L'], 'large': tables[-1]['L'],
                        'apart': apart(tables[0], tables[-1], middle.value)})


def scaled(table: dict[str, Any], middle: float) -> np.ndarray:
    """Return (kappa - kappa_c) L over a table."""
    return (np.array(table['kappa']) - middle) * table['L']


def curve(table: dict[str, Any], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (value, error) of a curve, scaled by its power of L; NaN where it is not defined."""
    factor = table['L'] ** -EXACT['gamma/nu'] if name == 'susceptibility_m2' else 1.0
    value, error = (factor * np.array(table[name][part], float) for part in ('value', 'error'))
    return value, error


def apart(small: dict[str, Any], large: dict[str, Any], middle: float) -> list[str] | None:
    """Return how far two tables differ at kappa_c in each of SHOWN, None where one is undefined."""
    found = []
    for name in SHOWN:
        (a, a_error), (b, b_error) = ([np.interp(middle, table['kappa'], part) for part in
                                       curve(table, name)] for table in (large, small))
        found.append((float(a - b), float(np.hypot(a_error, b_error))))
    if not np.isfinite(found).all():
        return None
    return [value_error(value, error) for value, error in found]
