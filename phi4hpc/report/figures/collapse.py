"""U_L, xi / L and Omega <M^2> against (kappa - kappa_c) L, which all large lattices share."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.lattice.observable import load
from phi4hpc.lattice.transition import EXACT, UNIVERSAL
from phi4hpc.report import against_kappa
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Missing, Plot, band, panels, reference

PLACE = 'transition', 80
TITLE = 'Data collapse'
CAPTION = """
<b>A</b> to <b>C</b>: {{ UL() }}, ξ/{{ L() }} and Ω⟨{{ M() }}²⟩{{ L() }}<sup>−γ/ν</sup> against
(κ − κ<sub>c</sub>){{ L() }}<sup>1/ν</sup>, with κ<sub>c</sub> = {{ f.kappa_c }} and the exact
exponents of the Ising class, ν = 1 and γ/ν = 7/4, in the window in which ξ/{{ L() }} of
{{ L() }} = {{ f.large }} is within a factor of {{ f.factor }} of its universal value. <b>D</b> to
<b>F</b>: each lattice less {{ L() }} = {{ f.large }}, on a scale of its own: where lattices are
large enough these vanish, and what is left are corrections to scaling.
{% if f.apart %} At κ<sub>c</sub> {{ L() }} = {{ f.large }} differs from {{ L() }} = {{ f.small }}
by {{ f.apart[0] }} in {{ UL() }}, by {{ f.apart[1] }} in ξ/{{ L() }} and by {{ f.apart[2] }} in
the third.{% endif %}
"""

SHOWN = ('binder', 'correlation_ratio', 'susceptibility_m2')
FACTOR = 4.0                  # from the universal xi / L, within which lattices are compared


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where there are curves of several lattices, and kappa_c is known."""
    middle, tables = against_kappa.critical(study), study.reweighted
    if not (middle and len(tables) > 1):
        yield Missing('No data collapse is shown: it takes curves of two lattices and κ<sub>c</sub>'
                      ' within their reach.')
        return
    figure, axes = panels(2, 3, FULL, 4.2, sharex=True, height_ratios=[1.6, 1])
    low, high = window(tables[-1], middle.value)
    for table in tables:
        number, x = study.sizes.index(table['L']), scaled(table, middle.value)
        shown = (x > low) & (x < high)
        for (above, below), name in zip(axes.T, SHOWN, strict=True):
            value, error = curve(table, name)
            band(above, x[shown], value[shown], error[shown], number, label=f'$L={table["L"]}$')
            if table is not tables[-1]:
                own, difference, error = less(table, tables[-1], name, middle.value)
                shown_there = (own > low) & (own < high)
                band(below, own[shown_there], difference[shown_there], error[shown_there], number)
    labels = *(load(name).label for name in SHOWN[:2]), r'$\Omega\langle M^2\rangle L^{-7/4}$'
    for (above, below), label in zip(axes.T, labels, strict=True):
        above.set(ylabel=label)
        below.set(xlabel=r'$(\kappa-\kappa_c)L$', ylabel=f'less $L={tables[-1]["L"]}$')
        for ax in (above, below):
            reference(ax, x=0)
        reference(below, y=0)
    against_kappa.legend(figure, axes, study)
    yield Plot(figure, {'kappa_c': value_error(middle.value, middle.error, digits=1),
                        'small': tables[0]['L'], 'large': tables[-1]['L'], 'factor': f'{FACTOR:g}',
                        'apart': apart(tables[0], tables[-1], middle.value)})


def window(table: dict[str, Any], middle: float) -> tuple[float, float]:
    """Return the scaled kappas between which xi / L is within FACTOR of its universal value.

    Where xi / L is not known it is all of the table.
    """
    x, (ratio, _) = scaled(table, middle), curve(table, 'correlation_ratio')
    star = UNIVERSAL['correlation_ratio']
    inside = x[(ratio > star / FACTOR) & (ratio < star * FACTOR)]
    return (inside.min(), inside.max()) if len(inside) > 2 else (x.min(), x.max())


def less(table: dict[str, Any], last: dict[str, Any], name: str,
         middle: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (x, difference, error) of a scaled curve less that of the last table.

    A monotone cubic carries the last curve to the scaled kappas of the table. Lattices are
    independent.
    """
    from scipy.interpolate import PchipInterpolator

    x, other_x = scaled(table, middle), scaled(last, middle)
    own = (x >= other_x[0]) & (x <= other_x[-1])
    value, error = (part[own] for part in curve(table, name))
    other, other_error = (PchipInterpolator(other_x, part)(x[own]) if np.isfinite(part).all()
                          else np.full(own.sum(), np.nan) for part in curve(last, name))
    return x[own], value - other, np.hypot(error, other_error)


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
