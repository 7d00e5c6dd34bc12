"""Propagators of reconstructions beside those of the original, over the same draws."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from phi4hpc.report.models import by_size, described
from phi4hpc.report.momenta import MOMENTUM, PROPAGATOR, over_momenta
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Entry, Model, Study, spread
from phi4hpc.report.style import FULL, ORIGINAL, Plot, legend, panels, points, reference, shades

PLACE = 'kept', 10
TITLE = 'Reconstructed propagators'
CAPTION = """
Propagators of reconstructions by all models, in panels by latent size, at their training
κ = {{ f.kappa }}, beside the original ({{ f.upper | safe }}), and the ratio to it less 1
({{ f.lower | safe }}), on an axis that is linear within ±{{ f.linear }} and logarithmic beyond. A
momentum that the latent space carries comes back with 0 there, and one that is dropped falls
towards −1 (off the scale of the propagators where it vanishes): the cut-off of the block spin. At
{{ phat() }} = {{ f.smallest }}, the smallest above zero, the ratio is
{{- by_model(f.models, 'ratio_there') }}
{% if f.ladder %} {{ f.along | safe }}: the model of least loss ({{ f.best.title | safe }}) applied
along the ladder, original (open) and reconstructed (full).{% endif %}
 {{ same_draws() }}
"""

ROUNDING = 1e-6               # of models, whose weights are float32
SHOWN = 5                     # kappas
LINEAR = 0.01                 # of the ratio less 1, up to which the axis is linear
TICKS = -1, -0.1, -0.01, 0, 0.01, 0.1, 1


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa: models there, by latent size, and the best at
    others.
    """
    for kappa, models in study.models.items():
        groups, ladder = by_size(models), len(models[0].reconstructions) > 1
        columns = len(groups) + ladder
        figure, axes = panels(2, columns, FULL if columns > 1 else 0.6 * FULL, 5.0,
                              height_ratios=[2, 1], sharex=True, sharey='row')
        for column, (title, like) in zip(axes.T, groups, strict=False):
            draw_models(column, kappa, like)
            column[0].set_title(title)
        best = min(models, key=lambda model: model.record['loss'])
        if ladder:
            draw_ladder(axes[:, -1], best)
            axes[0, -1].legend(fontsize=7)
        for upper, lower in axes.T:
            upper.set(yscale='log', ylabel=PROPAGATOR, ylim=scale(models))
            lower.set_yscale('symlog', linthresh=LINEAR)
            lower.set(xlabel=MOMENTUM, ylabel='ratio $-$ 1', ylim=(-1.6, 1.0))
            lower.set_yticks(TICKS, [f'${tick:g}$' for tick in TICKS])
            lower.yaxis.set_minor_locator(NullLocator())
            for y in (-1, 0):
                reference(lower, y=y)
        legend(figure, axes[0, :len(groups)])
        yield Plot(figure, {'kappa': f'{kappa:g}', 'ladder': ladder, 'best': described(best),
                            'linear': f'{LINEAR:g}', 'along': figure.letters(axes[:, -1]),
                            'upper': figure.letters(axes[0, :len(groups)]),
                            'lower': figure.letters(axes[1, :len(groups)]),
                            **at_smallest(models, kappa)}, kappa)


def at_smallest(models: list[Model], kappa: float) -> dict[str, Any]:
    """Return what the caption tells of the smallest momentum above zero."""
    ratios = [model.at(kappa)['propagator_ratio'] for model in models]
    found = [{**described(model), 'ratio_there': in_words(ratio['value'][1], ratio['error'][1])}
             for model, ratio in zip(models, ratios, strict=True)]
    return {'models': found, 'smallest': f'{ratios[0]["p_hat"][1]:.3f}'}


def in_words(value: float, error: float) -> str:
    """Return a ratio with its error; 1 where it is that to the rounding of a model."""
    return '1' if abs(value - 1) < ROUNDING else value_error(value, error)


def scale(models: list[Model]) -> tuple[float, float]:
    """Return limits for G that show every original; what a model drops may lie below them."""
    values = np.concatenate([entry['original']['propagator']['value']
                             for entry in models[0].reconstructions])
    return values.min() / 30, values.max() * 3


def draw_models(axes: np.ndarray, kappa: float, models: list[Model]) -> None:
    """Draw the original and every model's propagator at the training kappa, and their ratios."""
    for model in models:
        entry = model.at(kappa)
        if model is models[0]:
            points(axes[0], *over_momenta(entry['original']['propagator']), label='original',
                   **ORIGINAL)
        points(axes[0], *over_momenta(entry['reconstructed']['propagator']), model.number,
               label=model.label)
        draw_ratio(axes[1], entry, model.number)


def draw_ladder(axes: np.ndarray, model: Model) -> None:
    """Draw original (open) and reconstructed (full) propagators of one model at a few kappas."""
    entries = spread(model.reconstructions, SHOWN)
    for number, (entry, colour) in enumerate(zip(entries, shades(len(entries)), strict=True)):
        full = {'color': colour, 'markerfacecolor': colour}
        points(axes[0], *over_momenta(entry['original']['propagator']), number, color=colour)
        points(axes[0], *over_momenta(entry['reconstructed']['propagator']), number,
               label=rf'$\kappa={entry["kappa"]:g}$', **full)
        draw_ratio(axes[1], entry, number, **full)


def draw_ratio(axes: Axes, entry: Entry, number: int, **look: Any) -> None:
    """Draw the propagator of the reconstruction over that of the original, less 1."""
    p_hat, value, error = over_momenta(entry['propagator_ratio'])
    points(axes, p_hat, value - 1, error, number, **look)
