"""The correlator of time slices and its effective mass, beside the mass of the propagator."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.report.momenta import both_phases
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Entry, Study
from phi4hpc.report.style import (
    FULL,
    Missing,
    Plot,
    logarithmic,
    panels,
    points,
    reference,
    shades,
)

PLACE = 'transition', 47
TITLE = 'Correlator of time slices'
CAPTION = """
{% if f.masses %}<b>A</b>: {% endif %}<i>C</i>(<i>t</i>) = Σ<sub>x</sub>⟨φ(0, 0)φ(x, <i>t</i>)⟩ on
the {{ L() }} = {{ f.L }} lattice, on a log axis and as far as it is two errors above 0. A single
mass is a straight line there, until the two ways around the lattice meet at <i>t</i> = {{ L() }}/2
{%- if f.broken %}; in the broken phase it tends to the condensate Ω⟨{{ M() }}²⟩/{{ L() }} and does
not fall off{% endif %}.{% if f.masses %} <b>B</b>: the effective mass <i>m</i>(<i>t</i>) =
arccosh((<i>C</i>(<i>t</i>−1) + <i>C</i>(<i>t</i>+1))/2<i>C</i>(<i>t</i>)) in the symmetric phase,
as far as its error is below {{ f.largest }}, beside the mass at which the fitted free propagator
has its pole, 2 arcsinh(<i>m</i>/2) (dashed):
{%- for m in f.masses %} at κ = {{ m.kappa }} {{ m.pole }}, and <i>m</i>({{ m.t }}) = {{ m.mass }}
{{- ' about a correlation length away' if m.far
    else ' at the last t, far within 1/m = ' ~ m.length }}
{{- ';' if not loop.last else '.' }}{% endfor %} A plateau is a mass of the theory; a fall with
<i>t</i> is the weight of heavier states.{% endif %} Errors at different <i>t</i> belong
to the same draws and fluctuate together.
"""

SHOWN = 6                     # kappas
CLEAR = 2.0                   # errors above 0 up to which a correlator is shown
LARGEST = 0.3                 # error of an effective mass, over its value, that is shown


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where enough fields were kept for correlators."""
    L = study.sizes[-1]
    entries = [entry for entry in study.entries(L) if entry.get('correlator')]
    if not entries:
        yield Missing('No correlator of time slices is shown: sample.fields keeps too few '
                      'configurations.')
        return
    entries = both_phases(entries, SHOWN)
    symmetric = [entry for entry in entries if entry.get('free_form') and masses(entry)]
    figure, axes = panels(1, 2 if symmetric else 1, FULL if symmetric else 0.6 * FULL, 3.0)
    for number, (entry, colour) in enumerate(zip(entries, shades(len(entries)), strict=True)):
        t, value, error = over_time(entry['correlator'])
        own = np.cumprod(value > CLEAR * error).astype(bool)
        points(axes[0, 0], t[own], value[own], error[own], number, color=colour,
               label=rf'$\kappa={entry["kappa"]:g}$')
        if entry in symmetric:
            t, value, error = masses(entry)
            points(axes[0, 1], t, value, error, number, color=colour)
            reference(axes[0, 1], y=pole(entry)[0], color=colour)
    axes[0, 0].set(yscale='log', xlabel='$t$', ylabel='$C(t)$')
    logarithmic(axes[0, 0].yaxis)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=6)
    if symmetric:
        axes[0, 1].set(xlabel='$t$', ylabel='$m(t)$', ylim=(0, None))
        axes[0, 1].locator_params(axis='x', integer=True)
    yield Plot(figure, {**study.phases, 'L': L, 'largest': f'{100 * LARGEST:g}%',
                        'masses': [said(entry) for entry in symmetric]})


def over_time(estimates: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (t, value, error) of what results.json keeps over distances in time."""
    value, error = (np.array(estimates[part], float) for part in ('value', 'error'))
    return np.array(estimates['t'][:len(value)], float), value, error


def masses(entry: Entry) -> list[np.ndarray]:
    """Return [t, value, error] of the effective mass as far as it is known; empty where it is not.
    """
    if not entry.get('effective_mass'):
        return []
    t, value, error = over_time(entry['effective_mass'])
    known = np.cumprod(error < LARGEST * value).astype(bool)
    return [t[known], value[known], error[known]] if known.any() else []


def pole(entry: Entry) -> tuple[float, float]:
    """Return the mass at which the free form has its pole on the lattice, with its error.

    1 / G vanishes at p = i E with (2 sinh(E / 2))^2 = m^2.
    """
    mass2 = entry['free_form']['mass2']
    m = max(mass2['value'], 0.0) ** 0.5
    error = mass2['error'] / (2 * m) / (1 + m**2 / 4) ** 0.5 if m else mass2['error'] ** 0.5
    return float(2 * np.arcsinh(m / 2)), float(error)


def said(entry: Entry) -> dict[str, object]:
    """Return what the caption tells of the masses at a rung, of m(t) at t nearest to 1/m."""
    t, value, error = masses(entry)
    best = int(abs(t * pole(entry)[0] - 1).argmin())
    length = 1 / pole(entry)[0]
    return {'kappa': f'{entry["kappa"]:g}', 'pole': value_error(*pole(entry)),
            'length': f'{length:.2g}', 'far': bool(t[best] > length / 2),
            't': int(t[best]), 'mass': value_error(float(value[best]), float(error[best]))}
