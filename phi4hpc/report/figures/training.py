"""How training went: the loss of every epoch against that of the best linear autoencoder."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.models import described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, colour, line, panels, points, reference

PLACE = 'blockspin', 10
TITLE = 'Training'
CAPTION = """
At κ = {{ f.kappa }}. Left: mean squared reconstruction error after each epoch, on validation draws
(full lines) and training draws (dashed; these have an optimum of their own, so compare trends and
not heights), over the validation loss of the linear optimum: the <i>d</i> Fourier modes of largest
<i>G</i>(<i>p</i>). The epoch of least validation loss is kept. Right: its loss over that of the
linear optimum on test draws, which had no part in any choice, with jackknife errors. No linear map
with the same number of latents comes below 1 by more than chance. The ratios are:
{{- by_model(f.models, 'ratio') }}
{%- for m in f.models if m.at_start %} For {{ m.title | safe }} no epoch did better than the start.
{%- endfor %}
{{ not_converged(f.models) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        figure, axes = panels(1, 2, FULL, 2.7, width_ratios=[1.6, 1])
        for model in models:
            if not model.lossless:
                draw_losses(axes[0, 0], model)
                points(axes[0, 1], [model.number], [model.record['ratio']],
                       [model.record['ratio_error']], model.number, label=model.label)
        finish(axes[0], models)
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': [described(m) for m in models]}, kappa)


def draw_losses(axes: Axes, model: Model) -> None:
    """Draw validation (full) and training loss (dashed) per epoch over the linear optimum."""
    validation, train = (np.array(model.record.get(name, ()))
                         for name in ('validation_losses', 'train_losses'))
    if not len(train):
        return
    optimum = model.record['validation_optimum']
    line(axes, np.arange(len(validation)), validation / optimum, color=colour(model.number),
         label=model.label)
    line(axes, np.arange(1, len(train) + 1), train / optimum, color=colour(model.number), ls='--',
         lw=0.6)


def finish(axes: np.ndarray, models: list[Model]) -> None:
    """Label the axes and draw the optimum."""
    few = len(models) < 5
    for ax in axes:
        reference(ax, y=1)
        ax.ticklabel_format(axis='y', useOffset=False)
    axes[0].set(xlabel='epoch', ylabel='loss / linear optimum')
    axes[1].set(ylabel='test loss / linear optimum', xlim=(-0.6, len(models) - 0.4))
    axes[1].set_xticks(range(len(models)), [model.short for model in models])
    axes[1].tick_params(axis='x', which='both', length=0, labelsize=7 if few else 5)
    axes[1].xaxis.minorticks_off()
    if axes[0].get_legend_handles_labels()[0]:
        axes[0].legend(fontsize=9 if few else 7, ncols=1 if few else 2)
