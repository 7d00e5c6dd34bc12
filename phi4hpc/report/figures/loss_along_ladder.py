"""The loss of a model over that of the linear optimum, at every kappa of the ladder."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.report.models import described
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model, Study, column
from phi4hpc.report.style import FULL, Plot, legend, panels, points, reference

PLACE = 'kept', 25
TITLE = 'Away from the training kappa'
CAPTION = """
Loss of the models that were trained at κ = {{ f.kappa }} (upright line), over that of the linear
optimum of each κ, on the same draws; below 1 a model does better than any linear map that knows
that κ.{% if f.close %} <b>B</b>: the ratio − 1 of those that come within {{ f.near }} of
it.{% endif %} A linear
block spin loses little elsewhere on the ladder, for the order of momenta is the same; what a
non-linear one has learned of the interaction holds as far as its curve stays below 1. The least
ratio is
{%- for m in f.models %} {{ m.title | safe }}: {{ m.least }} at κ = {{ m.where }}
{{- ';' if not loop.last else '.' }}{% endfor %}
 {{ same_draws() }}
"""

NEAR = 0.01
ROUNDING = 1e-6               # from 1, within which a model is the linear optimum itself


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa whose models were applied to several kappas."""
    for kappa, models in study.models.items():
        known = [model for model in models if len(against_kappa(model)[0]) > 1]
        if not known:
            continue
        close = [model for model in known if min(abs(against_kappa(model)[1] - 1)) < NEAR]
        figure, axes = panels(2, 1, FULL, 5.0, sharex=True) if close else panels(1, 1, FULL, 3.0)
        for model in known:
            where, value, error = against_kappa(model)
            points(axes[0, 0], where, value, error, model.number, label=model.label)
            if model in close:
                points(axes[1, 0], where, value - 1, error, model.number)
        for ax, none in zip(axes[:, 0], (1, 0), strict=False):
            reference(ax, y=none)
            reference(ax, x=kappa)
        axes[0, 0].set_ylabel('loss / linear optimum')
        axes[-1, 0].set_xlabel(r'$\kappa$')
        if close:
            axes[1, 0].set(ylabel=r'the same $-$ 1', ylim=(-NEAR, NEAR))
        legend(figure, axes[0, 0], ncols=3)
        yield Plot(figure, {'kappa': f'{kappa:g}', 'near': f'{100 * NEAR:g}%', 'close': bool(close),
                            'models': [least(model) for model in known]}, kappa)


def against_kappa(model: Model) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Return (kappa, ratio, error) where the ratio is defined."""
    entries = [entry for entry in model.reconstructions if entry.get('ratio')]
    value, error = column(entries, 'ratio')
    return [entry['kappa'] for entry in entries], value, error


def least(model: Model) -> dict[str, Any]:
    """Return what the caption says of a model: its least ratio with its error, and where."""
    kappa, value, error = against_kappa(model)
    at = int(value.argmin())
    same = abs(value[at] - 1) < ROUNDING
    return {**described(model), 'least': '1' if same else value_error(value[at], error[at]),
            'where': f'{kappa[at]:g}'}
