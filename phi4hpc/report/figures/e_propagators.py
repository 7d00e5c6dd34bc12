"""Propagators of the largest lattice, beside free forms: as 1 / G against p^2, and as a ratio."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.transition import EXACT
from phi4hpc.report.momenta import MOMENTUM, PROPAGATOR, both_phases, over_momenta
from phi4hpc.report.numbers import written
from phi4hpc.report.study import Entry, Study
from phi4hpc.report.style import (
    FULL,
    Missing,
    Plot,
    line,
    logarithmic,
    panels,
    points,
    reference,
    shade,
    shades,
)

PLACE = 'transition', 45
TITLE = 'Propagators'
CAPTION = """
{% if f.free or f.interacting %}<b>A</b>: {% endif %}<i>G</i>({{ phat() }}) = ⟨|φ̃(<i>p</i>)|²⟩/Ω
along the axes of the {{ L() }} = {{ f.L }} lattice against the lattice momentum {{ phat() }}, on a
log axis; {{ phat() }}² = 4 Σ<sub>μ</sub> sin²(<i>p</i><sub>μ</sub>/2).
{% if f.broken %} In the broken phase {{ phat() }} = 0 stands apart, as it holds the condensate
Ω⟨{{ M() }}²⟩.{% endif %}
{% if f.free %} <b>B</b>: 1/<i>G</i> against {{ phat() }}², along the axes (circles) and the
diagonals (diamonds), at those of these κ at which the free form <i>Z</i>/({{ phat() }}² +
<i>m</i>²) is fitted (lines); its slope is 1/<i>Z</i>, and it meets 0 at −<i>m</i>². At κ = {{
f.free.kappa }} the fit to {{ phat() }} ≤ {{ f.free.largest }} along the axes, with weights
1/error², has <i>Z</i> = {{ f.free.z }}, <i>m</i>² = {{ f.free.mass2 }}, χ²/dof = {{ f.free.chi2 }}.
Its errors know that momenta fluctuate together; χ² takes them as independent.
{%- if f.lighter %} The mass falls with κ, to <i>m</i>² = {{ f.lighter.mass2 }} at
κ = {{ f.lighter.kappa }}.{% endif %}
{%- if f.exact %} Dotted: the exact propagator at κ = {{ f.free.kappa }} without interaction, λ = 0,
which has <i>Z</i> = 1/(2κ) = {{ f.exact.z }} and <i>m</i>² = 1/κ − 4 = {{ f.exact.mass2 }}.
{%- endif %}
 <b>C</b>: data over that fit, less 1, the range of the fit shaded
{%- if f.beyond %}; beyond it data and fit differ by χ² = {{ f.beyond.chi2 }} at
{{ f.beyond.count }} momenta along the axes{% endif %}.
{%- if f.interacting %} What the interaction adds to the free form would be a drift there.
{%- else %} Without interaction there is no correction to the free form.{% endif %}
{%- else %}
{%- if f.interacting %} <b>B</b>: <i>G</i>{{ phat() }}<sup>2−η</sup> with the exact η = 1/4 of the
Ising class, along the axes (circles) and the diagonals (diamonds): on an infinite
lattice at κ<sub>c</sub> it becomes a constant where {{ phat() }} is small. Here the finite size
shifts it by a part of order 2π/({{ phat() }}{{ L() }}), and a distance from κ<sub>c</sub> by one of
order 1/({{ phat() }}ξ). The two ways along the lattice agree as far as rotations are a
symmetry.{% endif %}
 No free form is fitted: {{ 'no fit was found' if f.symmetric else
'at no κ is ' ~ L() ~ ' large against the correlation length of the symmetric phase' }}.{% endif %}
"""

SHOWN = 6                     # kappas
LARGEST = 1.5                 # p^2 up to which 1 / G is shown
ALONG = {'propagator': 'o', 'diagonal_propagator': 'D'}
"""The propagators along the axes and along the diagonals, with a marker each."""
CLEAR = 2.0                   # errors by which masses differ where that is more than chance


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, where enough fields were kept for propagators."""
    L = study.sizes[-1]
    entries = both_phases([entry for entry in study.entries(L) if 'propagator' in entry], SHOWN)
    if not entries:
        yield Missing('No propagators are shown: sample.fields keeps too few configurations.')
        return
    lowest, fit = entries[0], entries[0].get('free_form')
    scaled = not fit and study.phases['interacting']
    figure, axes = panels(1, 3 if fit else 1 + scaled, FULL if fit or scaled else 0.6 * FULL, 3.2)
    colours = shades(len(entries))
    for number, (entry, colour) in enumerate(zip(entries, colours, strict=True)):
        points(axes[0, 0], *over_momenta(entry['propagator']), number, color=colour,
               label=rf'$\kappa={entry["kappa"]:g}$')
    axes[0, 0].set(yscale='log', xlabel=MOMENTUM, ylabel=PROPAGATOR)
    if fit:
        draw_inverse(axes[0, 1], entries, colours)
        draw_ratio(axes[0, 2], lowest)
    if scaled:
        draw_scaled(axes[0, 1], entries, colours)
    handles: dict[str, Any] = {}
    for ax in axes[0, :2]:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    columns = 6 if len(handles) == 6 else 5          # so that none has a row for itself
    figure.legend(handles.values(), handles, loc='outside upper center', ncols=columns)
    yield Plot(figure, {**study.phases, 'L': L, 'free': fit and free_facts(lowest),
                        'exact': exact_facts(lowest['kappa']), 'beyond': fit and beyond(lowest),
                        'lighter': lighter(study.entries(L))})


def free(fit: dict[str, Any], p_hat: np.ndarray) -> np.ndarray:
    """Return Z / (p^^2 + m^2)."""
    return fit['z']['value'] / (p_hat**2 + fit['mass2']['value'])


def draw_inverse(axes: Axes, entries: list[Entry], colours: list) -> None:
    """Draw 1 / G against p^^2 where it is fitted, with the fit, and the exact line at lambda = 0.
    """
    p2 = np.linspace(0, LARGEST, 2)
    for entry, colour in zip(entries, colours, strict=True):
        if not entry.get('free_form'):
            continue
        for name, marker in ALONG.items():
            if name in entry:
                p_hat, value, error = over_momenta(entry[name])
                own = p_hat**2 < LARGEST
                points(axes, p_hat[own] ** 2, 1 / value[own], error[own] / value[own] ** 2,
                       fmt=marker, color=colour, markersize=3,
                       label=rf'$\kappa={entry["kappa"]:g}$')
        line(axes, p2, 1 / free(entry['free_form'], p2**0.5), color=colour, lw=0.7)
    if exact_facts(kappa := entries[0]['kappa']):
        exact = free_propagator(kappa, (2 * np.arcsin(p2**0.5 / 2), np.zeros(1)))
        line(axes, p2, 1 / exact, color='0.2', ls=':', zorder=0, label=r'$\lambda=0$, exact')
    axes.set(xlabel=r'$\hat p^2$', ylabel=r'$1/G(\hat p)$', xlim=(-0.03, LARGEST), ylim=(0, None))


def draw_scaled(axes: Axes, entries: list[Entry], colours: list) -> None:
    """Draw G p^^(2 - eta) without the zero mode, eta that of the Ising class."""
    power = EXACT['gamma/nu']              # gamma = nu (2 - eta)
    for entry, colour in zip(entries, colours, strict=True):
        for name, marker in ALONG.items():
            if name in entry:
                p_hat, value, error = (part[1:] for part in over_momenta(entry[name]))
                points(axes, p_hat, value * p_hat**power, error * p_hat**power, fmt=marker,
                       color=colour, markersize=3)
    axes.set(xscale='log', yscale='log', xlabel=MOMENTUM, ylabel=r'$G\,\hat p^{2-\eta}$')
    logarithmic(axes.xaxis)
    logarithmic(axes.yaxis)


def draw_ratio(axes: Axes, entry: Entry) -> None:
    """Draw the propagators of an entry over its fit, less 1, with the range of the fit shaded."""
    for name, marker in ALONG.items():
        if name in entry:
            p_hat, value, error = over_momenta(entry[name])
            fitted = free(entry['free_form'], p_hat)
            points(axes, p_hat, value / fitted - 1, error / fitted, fmt=marker, markersize=3,
                   color=shades(1)[0])
    reference(axes, y=0)
    shade(axes, 'x', -0.05, entry['free_form']['largest_momentum'] + 0.05)
    axes.set(xlabel=MOMENTUM, ylabel=r'$G\,(\hat p^2+m^2)/Z-1$', xlim=(-0.05, None))


def free_facts(entry: Entry) -> dict[str, str]:
    """Return what the caption tells of the fit of an entry."""
    fit = entry['free_form']
    return {'kappa': f'{entry["kappa"]:g}', 'largest': f'{fit["largest_momentum"]:.2g}',
            'z': written(fit['z']), 'mass2': written(fit['mass2']),
            'chi2': f'{fit["chi2"]:.1f}/{fit["dof"]}'}


def exact_facts(kappa: float) -> dict[str, str] | None:
    """Return Z and m^2 of the free field, which exists below kappa = 1/4."""
    if not 0 < kappa < 0.25:
        return None
    return {'z': f'{0.5 / kappa:.4g}', 'mass2': f'{1 / kappa - 4:.4g}'}


def beyond(entry: Entry) -> dict[str, object] | None:
    """Return chi^2 of the momenta beyond the range of the fit, and how many they are."""
    p_hat, value, error = over_momenta(entry['propagator'])
    out = p_hat > entry['free_form']['largest_momentum']
    pull = (value - free(entry['free_form'], p_hat))[out] / error[out]
    return {'chi2': f'{(pull**2).sum():.1f}', 'count': len(pull)} if len(pull) else None


def lighter(entries: list[Entry]) -> dict[str, str] | None:
    """Return the last fit on the ladder, where its mass is clearly smaller than at first."""
    fits = [(entry['kappa'], entry['free_form']['mass2']) for entry in entries
            if entry.get('free_form')]
    if len(fits) < 2:
        return None
    (_, first), (kappa, last) = fits[0], fits[-1]
    if first['value'] - last['value'] < CLEAR * np.hypot(first['error'], last['error']):
        return None
    return {'kappa': f'{kappa:g}', 'mass2': written(last)}
