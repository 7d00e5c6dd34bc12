"""How training went: the loss of every epoch against that of the best linear autoencoder."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.models import by_size, described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import (
    FULL,
    Plot,
    band,
    bars,
    colour,
    line,
    panels,
    points,
    reference,
    widened,
)

PLACE = 'blockspin', 10
TITLE = 'Training'
CAPTION = """
At κ = {{ f.kappa }}. {{ f.curves | safe }}, by latent size: mean squared reconstruction error after
each epoch, on validation draws (full lines) and training draws (dashed; these have an optimum of
their own, so compare trends and not heights), over the validation loss of the linear optimum: the
<i>d</i> Fourier modes of largest <i>G</i>(<i>p</i>). The epoch of least validation loss is kept.
{%- if f.ratios %} {{ f.ratios | safe }}: its loss over that of the linear optimum on test draws,
which had no part in any choice, with jackknife errors.{% endif %} No linear map with the same
number of latents comes below 1 by more than chance.
{%- if f.seeds %} Of several seeds curves are the mean, bands the standard deviation among seeds,
and broad pale bars the error of the mean over seeds.{% endif %} The ratios on test draws are:
{{- by_model(f.models, 'ratio') }}
{%- for m in f.models if m.at_start %} For {{ m.title | safe }} no epoch did better than the start.
{%- endfor %}
{%- for m in f.models if m.returns %} {{ m.title | safe }} blew up in epoch {{ m.returns }}, and
went back to the best weights before, at half the rate.
{%- endfor %}
{{ not_converged(f.models) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, with a panel of curves for each latent size."""
    for kappa, everyone in study.models.items():
        groups = by_size(everyone)
        curves = [models for models in groups if any(losses(model) for model in models[1])]
        compared = [model for _, models in groups for model in models if not model.lossless]
        both = bool(curves) and len(compared) > 1
        figure, axes = panels(1 + both, max(1, len(curves)), FULL, 5.6 if both else 3.2)
        for ax, (title, models) in zip(axes[0], curves, strict=False):
            for model in models:
                draw_losses(ax, model)
            ax.set(xlabel='epoch', title=title)
            ax.legend(fontsize=7)
        axes[0, 0].set(ylabel='loss / linear optimum')
        if both or not curves:
            draw_ratios(widened(axes[-1]), compared)
        for ax in figure.axes:
            reference(ax, y=1)
            ax.ticklabel_format(axis='y', useOffset=False)
        found = [described(model) for model in everyone]
        seeds = any(one['seeds'] > 1 for one in found)
        facts = {'curves': figure.letters(figure.panels[:len(curves)]) if curves else '',
                 'ratios': figure.letters(figure.panels[-1]) if both or not curves else ''}
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found, 'seeds': seeds, **facts},
                   kappa)


def losses(model: Model) -> list[np.ndarray]:
    """Return the curves of each training of a model over the linear optimum, as rows: validation,
    with the start, and training. There are none where nothing was trained, or nothing is lost.
    """
    if model.lossless:
        return []
    return [np.array([one.record['validation_losses'], [np.nan, *one.record['train_losses']]])
            / one.record['validation_optimum'] for one in model.trainings or (model,)
            if one.record.get('train_losses')]


def draw_losses(axes: Axes, model: Model) -> None:
    """Draw validation (full) and training loss (dashed) over epochs, means over seeds.

    With several seeds a band is the standard deviation among them, as long as all were trained.
    """
    if not (found := losses(model)):
        return
    epochs = min(curve.shape[1] for curve in found)
    validation_se, train_se = np.array([curve[:, :epochs] for curve in found]).swapaxes(0, 1)
    epoch_e = np.arange(epochs)
    if len(found) > 1:
        band(axes, epoch_e, validation_se.mean(0), validation_se.std(0, ddof=1), model.number)
    line(axes, epoch_e, validation_se.mean(0), color=colour(model.number), label=model.label)
    line(axes, epoch_e[1:], train_se.mean(0)[1:], color=colour(model.number), ls='--', lw=0.6)


def draw_ratios(axes: Axes, models: list[Model]) -> None:
    """Draw the ratio of each model on test draws, with its error over draws and over seeds."""
    for x, model in enumerate(models):
        ratio, seeds = model.record['ratio'], model.record['ratio_seeds']
        bars(axes, [x], [ratio - seeds], [ratio + seeds], model.number)
        points(axes, [x], [ratio], [model.record['ratio_error']], model.number, label=model.label)
    axes.set(ylabel='test loss / linear optimum', xlim=(-0.6, len(models) - 0.4))
    axes.set_xticks(range(len(models)), [f'{model.label}, $d={model.latent}$' if model.called
                                        else model.label for model in models],
                    rotation=30, ha='right', fontsize=7)
    axes.tick_params(axis='x', which='both', length=0)
    axes.xaxis.minorticks_off()
