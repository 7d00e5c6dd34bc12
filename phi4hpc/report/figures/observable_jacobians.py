"""Jacobians of observables after the decoder: a figure for each observable that was analysed."""

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.report import spectra
from phi4hpc.report.information import Arrays
from phi4hpc.report.models import by_size, described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import ORIGINAL, Plot, points, reference

PLACE = 'latent', 40
TITLE = 'Jacobian of decoder and {{ f.words }}'
CAPTION = """
How the {{ f.words }} after the decoder, <i>h</i> = <i>O</i>∘<i>g</i>, responds to latents, at
κ = {{ f.kappa }}, as a function of the momentum of the wave of the field that moves them: as
<i>O</i> is a function of the ensemble, a response is <i>N</i> ∂<i>h</i>/∂φ<i><sub>n</sub></i> over
the <i>N</i> samples. {{ averaged() }} Thin grey circles: of <i>O</i> before the model, what there
is to keep. {{ f.panels[0] | safe }}: in units of the field.
{%- if f.exact %} Crosses: exact for every wave that a linear map keeps,
{{ f.exact | safe }}.{% endif %} {{ f.panels[1] | safe }}:
{%- if f.relative %} of each entry over its value before the model, d ln <i>O</i>, and in units of
the standard deviation of the wave: so the zero mode does not win by its size.
{%- if f.observable == 'propagator' %} Dashed: exact for every kept wave at every κ, 2 at
<i>p</i> = 0 and 1/2 on the axes; at <i>p</i> = π, where a wave has one phase, it is 1.{% endif %}
{%- else %} in units of the standard deviation of the wave, that is of latents of unit covariance.
{%- endif %}
{%- if f.observable == 'magnetisation' %} {{ M() }} is linear in φ: a linear decoder has one value,
of the constant field, and further values come from a decoder that is not linear alone.
{%- elif f.observable == 'binder' %} {{ UL() }} depends on the latents through {{ M() }} alone, so
it has the directions of the magnetisation.
{%- elif f.observable == 'propagator' %} All momenta on the axes are taken together. Waves off the
axes do not respond through a linear decoder.{% endif %} {{ f.panels[2] | safe }}: the leading
directions in latents as the decoder shows them, <em>without</em> the average: those of one training
{{- '; shown are the linear optimum and what was trained' if f.few }}. The response is
{{ f.parity }} under φ → −φ. By model, σ<sub>1</sub> of {{ f.panels[1] | safe }}, the number of
waves that count there, (Σσ²)²/Σσ⁴, and values above rounding:
{%- for m in f.models %} {{ m.title | safe }}: {{ m.first }}, {{ m.participation }},
{{ m.resolved }}{{ ';' if not loop.last else '.' }}{% endfor %} Before the model (Σσ²)²/Σσ⁴ is
{{ f.original }}.
{{ both_errors(f.seeds) }} {{ not_clear(f.models, 'half of them') }}
{{ spotted(f.models) }}
"""

LETTERS = {'magnetisation': 'j', 'binder': 'k', 'propagator': 'l'}
"""These figures have letters, by which they have always been called."""
EXACT = {'magnetisation': '1/Ω<sup>1/2</sup> at <i>p</i> = 0',
         'propagator': '2 <i>G</i>(0)<sup>1/2</sup> once and <i>G</i>(<i>p</i>)<sup>1/2</sup>/2 '
                       'for each of the four waves on the axes'}


def draw(study: Study) -> Iterator[Plot]:
    """Yield a figure for every observable and training kappa."""
    observables = spectra.analysed(study)
    for observable in sorted(observables, key=lambda name: (LETTERS.get(name, 'z'), name)):
        for kappa, everyone in study.models.items():
            with study.latent() as latent:
                models = [model for model in everyone if observable in latent[model.name]]
                if models:
                    yield draw_one(observable, kappa, models, latent)


def draw_one(observable: str, kappa: float, models: list[Model], latent: h5py.File) -> Plot:
    """Return the figure of one observable at one kappa."""
    groups, shown = by_size(models), spectra.pictured(models)
    figure, axes, below = spectra.rows_over_pictures(len(groups), len(shown))
    found = spectra.numbers(latent, models, observable)
    variance_o = latent[models[0].name]['decoder/variance'][...]
    for row, (title, like) in zip(axes, groups, strict=True):
        draw_models(row, observable, like, found, variance_o)
        for panel in row:
            panel.set_title(title)
    spectra.legend(figure, axes)
    pictures = [latent[model.name][observable] for model in shown]
    spots = spectra.draw_directions(below, shown, pictures)
    letter = LETTERS.get(observable, 'jacobian')
    words = facts(observable, kappa, models, found, spots)
    words['panels'] = spectra.letters(figure, axes, below)
    return Plot(figure, words, kappa, f'{letter}_{observable}')


def draw_models(axes: np.ndarray, observable: str, models: list[Model], found: dict[str, Arrays],
                variance_o: np.ndarray) -> None:
    """Draw both spectra of models whose latent sizes are compared, and of the original."""
    left, right = axes
    first = found[models[0].name]
    relative = 'relative' in first
    for panel, key in ((left, 'response'), (right, 'relative' if relative else 'scaled')):
        spectra.draw_orbits(panel, models[0], first, f'original_{key}', label='original',
                            **ORIGINAL)
        for model in models:
            spectra.draw_orbits(panel, model, found[model.name], key)
    draw_exact(left, observable, first, variance_o)
    if observable == 'propagator':
        for y in (0.5, 2):
            reference(right, y=y)
    for panel in axes:
        spectra.decades(panel, 4)
    left.set_ylabel(r'$\sigma(p)$, units of $\phi$')
    right.set_ylabel(r'$\sigma(p)$ of $\ln O$' if relative else r'$\sigma(p)$')


def draw_exact(axes: Axes, observable: str, group: Arrays, variance_o: np.ndarray) -> None:
    """Draw what a linear map gives for waves that it keeps, where that is known."""
    on_axis = group['n_y'] == 0
    p_hat, deviation = group['p_hat'][on_axis], np.sqrt(variance_o[on_axis])
    if observable == 'magnetisation':
        value = np.array([1 / np.sqrt(group['momenta'].sum())])
    elif observable == 'propagator':
        value = np.where(p_hat > 0, 0.5, 2.0) * deviation
        value[-1] *= 2            # at p = pi there are two waves in place of four
    else:
        return
    points(axes, p_hat[:len(value)], value, np.zeros(len(value)), fmt='x', color='0.4', capsize=0,
           markersize=5, zorder=0, label='exact')


def facts(observable: str, kappa: float, models: list[Model], found: dict[str, Arrays],
          spots: dict[str, str | None]) -> dict[str, object]:
    """Return what title and caption tell."""
    first = found[models[0].name]
    of_models = [{**described(model), 'spots': spots.get(model.name), **said(found[model.name])}
                 for model in models]
    words = {1.0: 'even', -1.0: 'odd'}.get(round(float(first['parity']), 6), 'neither even nor odd')
    return {'kappa': f'{kappa:g}', 'observable': observable, 'words': load(observable).words,
            'exact': EXACT.get(observable), 'relative': 'relative' in first, 'parity': words,
            'models': of_models, 'few': len(spots) < len(models),
            'seeds': any(model.trainings for model in models),
            'original': spectra.estimate(first, 'original_participation')}


def said(group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {'first': spectra.estimate(group, 'first'),
            'participation': spectra.estimate(group, 'participation'),
            'resolved': spectra.resolved(group, 'response'),
            'unclear': spectra.unclear(group, 'response'), 'all': len(group['p_hat'])}
