"""What observables respond to, by model or against kappa: the largest response, how many waves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.report.along import (
    Place,
    draw_original,
    in_order,
    name_models,
    of_kappas,
    places,
    several,
)
from phi4hpc.report.numbers import listed, value_error
from phi4hpc.report.spectra import analysed
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, legend, panels, points, reference

PLACE = 'latent', 60
TITLE = 'What observables respond to'
CAPTION = """
Responses of observables after the decoder to latents of unit covariance, a row for each observable,
{{- against_trainings(f) }} Of the propagator it is that of its logarithm.
{{ f.panels[0] | safe }}: the largest singular value σ<sub>1</sub>, over what it is before the
model: 1 (dashed) where all of it is kept.
{{ f.panels[1] | safe }}: the number of waves that count, (Σσ²)²/Σσ⁴, which is 1 where one wave
carries the observable alone; {{ 'short black lines' if f.kappas | length > 1 else 'dashed' }}:
the observable before the model. That number is
{%- for row in f.rows %} {{ row.waves }} for the {{ row.words }}
{{- ',' if not loop.last else '.' }}{% endfor %}
{%- if f.alone %} One wave, the zero mode, is nearly all that the {{ f.alone }}
{{ 'see' if ' and ' in f.alone else 'sees' }}.{% endif %}
"""

KEYS, ORIGINAL = ('kept_first', 'participation'), 'original_participation'
ALONE = 1.1                   # waves below which one is nearly all
LEAST = 0.01                  # of what is drawn, that an axis spans at least on either side


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure: against kappa where models are trained at several, else by model."""
    observables = in_order(analysed(study))
    if not observables:
        return
    figure, axes = panels(len(observables), 2, FULL, 0.9 + 1.5 * len(observables), sharex=True)
    rows = [draw_row(pair, study, name) for pair, name in zip(axes, observables, strict=True)]
    for panel in axes[-1]:
        name_models(panel, study)
    if several(study):
        legend(figure, axes[0, 1], ncols=3)
    alone = [row['words'] for row in rows if row['alone']]
    yield Plot(figure, {'kappas': [f'{kappa:g}' for kappa in sorted(study.models)], 'rows': rows,
                        'panels': [figure.letters(column) for column in axes.T],
                        'alone': alone and listed(alone)})


def draw_row(axes: np.ndarray, study: Study, observable: str) -> dict[str, Any]:
    """Draw one observable in two panels; return what the caption tells of it."""
    before: dict[float, np.ndarray] = {}
    for own in places(study, observable):
        x, apart = ([getattr(place, name) for place in own] for name in ('x', 'apart'))
        for panel, key in zip(axes, KEYS, strict=True):
            points(panel, x, *of_places(own, key), own[0].number, apart,
                   label=own[0].model.label)
        before |= dict(zip(x, np.transpose(of_places(own, ORIGINAL)), strict=True))
    waves = np.array([before[x] for x in sorted(before)])
    draw_original(axes[1], study, dict(zip(sorted(before), waves[:, 0], strict=True)))
    reference(axes[0], y=1)
    label = load(observable).label
    for panel, words in zip(axes, (rf'$\sigma_1$ of {label}', f'waves, {label}'), strict=True):
        panel.set_ylabel(words, fontsize=8)
        finish(panel)
    return {'words': load(observable).words, 'alone': bool((waves[:, 0] < ALONE).all()),
            'waves': of_kappas(dict(zip(sorted(before), (value_error(*one) for one in waves),
                                        strict=True)))}


def of_places(own: list[Place], key: str) -> tuple[list[float], list[float]]:
    """Return a number and its error at each place of a model."""
    value, error = ([float(place.arrays[f'{key}{part}']) for place in own]
                    for part in ('', '_error'))
    return value, error


def finish(axes: Axes) -> None:
    """Label an axis by its numbers in full, and let it span more than rounding."""
    low, high = axes.get_ylim()
    margin = LEAST * abs(low + high) / 2
    axes.set_ylim(min(low, high - margin), max(high, low + margin))
    axes.ticklabel_format(axis='y', useOffset=False)
