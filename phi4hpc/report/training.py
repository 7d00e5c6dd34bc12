"""How training went: the loss of every epoch against that of the best linear autoencoder."""

import numpy as np

from phi4hpc.report.numbers import value_error
from phi4hpc.report.style import FULL, Plot, panels, points, reference


def training(study):
    """Yield the training curves for every training kappa."""
    for kappa, models in study.models.items():
        figure, axes = panels(1, 2, FULL, 2.7, width_ratios=[1.6, 1])
        for model in models:
            draw_curves(axes[0, 0], model)
            if not model.lossless:
                points(axes[0, 1], [model.number], [model.record['ratio']], [model.record['ratio_error']], model.number)
        finish(axes[0], models)
        ratios = [{'family': model.family, 'latent': model.latent, 'ratio': ratio(model),
                   'start': model.record['best_epoch'] == 0, 'lossless': model.lossless} for model in models]
        yield Plot('training', figure, {'kappa': f'{kappa:g}', 'models': ratios}, kappa)


def draw_curves(axes, model):
    """Draw validation (full) and training loss (dashed) per epoch over the linear optimum."""
    if model.lossless:
        return
    optimum, colour = model.record['validation_optimum'], f'C{model.number % 7}'
    validation, train = (np.array(model.record[name]) / optimum for name in ('validation_losses', 'train_losses'))
    axes.plot(np.arange(len(validation)), validation, color=colour, label=model.label)
    axes.plot(np.arange(1, len(train) + 1), train, color=colour, ls='--', lw=0.6)


def finish(axes, models):
    """Label the axes and draw the optimum."""
    for ax in axes:
        reference(ax, y=1)
        ax.ticklabel_format(axis='y', useOffset=False)
    axes[0].set(xlabel='epoch', ylabel='loss / linear optimum')
    axes[1].set(ylabel='test loss / linear optimum', xlim=(-0.6, len(models) - 0.4))
    axes[1].set_xticks(range(len(models)), [f'{model.family}\n$d={model.latent}$' for model in models])
    axes[1].tick_params(axis='x', which='both', length=0, labelsize=9 if len(models) < 5 else 6)
    axes[1].xaxis.minorticks_off()
    axes[0].legend(fontsize=9 if len(models) < 5 else 7, ncols=1 + (len(models) > 4))


def ratio(model):
    """Return the final test loss over that of the linear optimum, as value(error)."""
    return value_error(model.record['ratio'], model.record['ratio_error'])
