"""What observables respond to, by model or against kappa: the largest response, how many waves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.report.information import over_seeds
from phi4hpc.report.numbers import listed, value_error
from phi4hpc.report.spectra import analysed
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, legend, panels, points, reference

PLACE = 'latent', 60
TITLE = 'What observables respond to'
CAPTION = """
Responses of observables after the decoder to latents of unit covariance, a row for each observable,
{%- if f.kappas | length > 1 %} against the κ at which models were trained.
{%- else %} of models trained at κ = {{ f.kappas[0] }}.
{%- endif %} Of the propagator it is that of its logarithm. Left: the largest singular value
σ<sub>1</sub>, over what it is before the model: 1 (dashed) where all of it is kept. Right: the
number of waves that count, (Σσ²)²/Σσ⁴, which is 1 where one wave carries the observable alone;
{{ 'black circles' if f.kappas | length > 1 else 'dashed' }}: the observable before the model. That
number is
{%- for row in f.rows %} {{ row.waves }} for the {{ row.words }}
{{- ',' if not loop.last else '.' }}{% endfor %}
{%- if f.alone %} One wave, the zero mode, is nearly all that the {{ f.alone }}
{{ 'see' if ' and ' in f.alone else 'sees' }}.{% endif %}
"""

FIRST = 'magnetisation', 'binder', 'propagator'
KEYS = 'kept_first', 'participation', 'original_participation'
ALONE = 1.1                   # waves below which one is nearly all
LEAST = 0.01                  # of what is drawn, that an axis spans at least on either side


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure: against kappa where models are trained at several, else by model."""
    observables = sorted(analysed(study), key=lambda name: (name not in FIRST, name))
    if not observables:
        return
    several = len(study.models) > 1
    figure, axes = panels(len(observables), 2, FULL, 0.9 + 1.5 * len(observables), sharex=True)
    rows = [draw_row(pair, study, name) for pair, name in zip(axes, observables, strict=True)]
    for panel in axes[-1]:
        if several:
            panel.set_xlabel(r'$\kappa$')
        else:
            names = [model.label for of_kappa in study.models.values() for model in of_kappa]
            panel.set_xticks(range(len(names)), names, fontsize=7, rotation=30, ha='right')
            panel.tick_params(axis='x', which='minor', length=0)
    if several:
        legend(figure, axes[0, 1], ncols=3)
    alone = [row['words'] for row in rows if row['alone']]
    yield Plot(figure, {'kappas': [f'{kappa:g}' for kappa in sorted(study.models)], 'rows': rows,
                        'alone': alone and listed(alone)})


def draw_row(axes: np.ndarray, study: Study, observable: str) -> dict[str, Any]:
    """Draw one observable in two panels; return what the caption tells of it."""
    found, several = of_models(study, observable), len(study.models) > 1
    for number, (label, rows) in enumerate(found.items()):
        x, *columns = np.array(rows).T
        for panel, (value, error) in zip(axes, (columns[:2], columns[2:4]), strict=True):
            points(panel, x, value, error, number, label=label)
    before = np.array(sorted({(x, *row[-2:]) for rows in found.values() for x, *row in rows}))
    if several:
        points(axes[1], *before.T, color='k', zorder=0, markersize=6.5, label='original')
    else:
        reference(axes[1], y=before[0, 1])
    reference(axes[0], y=1)
    label = load(observable).label
    for panel, words in zip(axes, (rf'$\sigma_1$ of {label}', f'waves, {label}'), strict=True):
        panel.set_ylabel(words, fontsize=8)
        finish(panel)
    return {'words': load(observable).words, 'alone': bool((before[:, 1] < ALONE).all()),
            'waves': ', '.join(dict.fromkeys(value_error(*of_kappa) for _, *of_kappa in before))}


def finish(axes: Axes) -> None:
    """Label an axis by its numbers in full, and let it span more than rounding."""
    low, high = axes.get_ylim()
    margin = LEAST * abs(low + high) / 2
    axes.set_ylim(min(low, high - margin), max(high, low + margin))
    axes.ticklabel_format(axis='y', useOffset=False)


def of_models(study: Study, observable: str) -> dict[str, list[list[float]]]:
    """Return, for each kind of model, rows of its place in x and of KEYS, each with its error.

    The place is kappa where models are trained at several, else the number of the model.
    """
    found: dict[str, list[list[float]]] = {}
    several = len(study.models) > 1
    with study.latent() as latent:
        for kappa, models in study.models.items():
            for number, model in enumerate(models):
                if pooled := over_seeds(latent, model, observable):
                    found.setdefault(model.label, []).append([kappa if several else number, *(
                        float(pooled[f'{key}{part}']) for key in KEYS for part in ('', '_error'))])
    return found
