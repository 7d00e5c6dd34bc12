"""What observables respond to, against kappa: the largest response, and how many waves count."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.lattice.observable import load
from phi4hpc.report.numbers import value_error
from phi4hpc.report.spectra import analysed, legend
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, panels, points, reference

PLACE = 'latent', 60
TITLE = 'What observables respond to'
CAPTION = """
Responses of observables after the decoder to latents of unit covariance, a row for each observable,
against
{%- if f.kappas | length > 1 %} the κ at which models were trained.
{%- else %} the number of latents, of models trained at κ = {{ f.kappas[0] }}.
{%- endif %} Of the propagator it is that of its logarithm. Left: the largest singular value
σ<sub>1</sub>, over what it is before the model: 1 (line) where all of it is kept. Right: the number
of waves that count, (Σσ²)²/Σσ⁴, which is 1 where one wave carries the observable alone; black
circles are the observable before the model. That number is
{%- for row in f.rows %} {{ row.waves }} for the {{ row.words }}
{{- ',' if not loop.last else '.' }}{% endfor %} Where the zero mode fluctuates most, at the
transition, it is nearly all that {{ UL() }} and the energy see.
"""

FIRST = 'magnetisation', 'binder', 'propagator'
KEYS = 'kept_first', 'participation', 'original_participation'


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure: against kappa where models are trained at several, else against d."""
    observables = sorted(analysed(study), key=lambda name: (name not in FIRST, name))
    if not observables:
        return
    figure, axes = panels(len(observables), 2, FULL, 0.9 + 1.8 * len(observables), sharex=True)
    rows = [draw_row(pair, study, name) for pair, name in zip(axes, observables, strict=True)]
    several = len(study.models) > 1
    for panel in axes[-1]:
        panel.set_xlabel(r'$\kappa$' if several else '$d$')
    legend(figure, axes[0, 1])
    yield Plot(figure, {'kappas': [f'{kappa:g}' for kappa in sorted(study.models)], 'rows': rows})


def draw_row(axes: np.ndarray, study: Study, observable: str) -> dict[str, Any]:
    """Draw one observable in two panels; return what the caption tells of it."""
    found = of_models(study, observable)
    for number, (label, rows) in enumerate(found.items()):
        x, *columns = np.array(rows).T
        for panel, (value, error) in zip(axes, (columns[:2], columns[2:4]), strict=True):
            points(panel, x, value, error, number, label=label)
    before = np.array(sorted({(x, *row[-2:]) for rows in found.values() for x, *row in rows}))
    points(axes[1], *before.T, color='k', zorder=0, markersize=6.5, label='original')
    reference(axes[0], y=1)
    label = load(observable).label
    axes[0].set_ylabel(rf'$\sigma_1$ of {label}', fontsize=8)
    axes[1].set_ylabel(f'waves, {label}', fontsize=8)
    return {'words': load(observable).words, 'waves': ', '.join(
        dict.fromkeys(value_error(*of_kappa) for _, *of_kappa in before))}


def of_models(study: Study, observable: str) -> dict[str, list[list[float]]]:
    """Return, for each kind of model, rows of kappa or d and of KEYS, each with its error."""
    found: dict[str, list[list[float]]] = {}
    several = len(study.models) > 1
    with study.latent() as latent:
        for kappa, models in study.models.items():
            for model in (model for model in models if observable in latent[model.name]):
                group = latent[model.name][observable]
                label = model.label if several else ', '.join(
                    filter(None, [model.family, model.settings]))
                found.setdefault(label, []).append([kappa if several else model.latent, *(
                    float(group[f'{key}{part}'][()]) for key in KEYS for part in ('', '_error'))])
    return found
