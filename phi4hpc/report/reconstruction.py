"""What block spinning does to ensemble means: of A(phi) beside those of phi, over the same draws."""

import numpy as np

from phi4hpc.report.propagators import MOMENTUM, colours, of
from phi4hpc.report.study import column
from phi4hpc.report.style import FULL, Plot, panels, points, reference

CUMULANTS = {'abs_magnetisation': r'$\langle|M|\rangle$', 'susceptibility': r'$\chi$', 'binder': '$U_L$',
             'phi2': r'$\langle\phi^2\rangle$'}
KAPPAS = 5
ORIGINAL = {'fmt': 'o', 'color': 'k', 'markersize': 6.5}


def propagators(study):
    """Yield figure h for every training kappa: all models there, and the best one at other kappas."""
    for kappa, models in study.models.items():
        rungs = len(models[0].reconstructions)
        width = FULL if rungs > 1 else 0.6 * FULL
        figure, axes = panels(2, 1 + (rungs > 1), width, 4.6, height_ratios=[2, 1], sharex=True)
        best = min(models, key=lambda model: model.record['loss'])
        draw_models(axes[:, 0], kappa, models)
        if rungs > 1:
            draw_transfer(axes[:, 1], best)
        for upper, lower in axes.T:
            upper.set(yscale='log', ylabel=r'$G(\hat p)$', ylim=scale(models))
            upper.legend(ncols=1)
            lower.set(xlabel=MOMENTUM, ylabel='ratio', ylim=(-0.05, 1.25))
            reference(lower, y=1)
        facts = {'kappa': f'{kappa:g}', 'ladder': rungs > 1, 'best': {'family': best.family, 'latent': best.latent}}
        yield Plot('h_propagator_reconstruction', figure, facts, kappa)


def scale(models):
    """Return limits of an axis for G: every original has room, what a model drops without a trace has not."""
    values = np.concatenate([entry['original']['propagator']['value'] for entry in models[0].reconstructions])
    return values.min() / 30, values.max() * 3


def draw_models(axes, kappa, models):
    """Draw the original and every model's propagator at the training kappa, and their ratios."""
    for model in models:
        entry = min(model.reconstructions, key=lambda entry: abs(entry['kappa'] - kappa))
        if model.number == 0:
            points(axes[0], *of(entry['original']), label='original', **ORIGINAL)
        points(axes[0], *of(entry['reconstructed']), model.number, label=model.label)
        draw_ratio(axes[1], entry, number=model.number)


def draw_transfer(axes, model):
    """Draw original (open) and reconstructed (full) propagators of one model across the ladder, and their ratios."""
    rungs = np.unique(np.linspace(0, len(model.reconstructions) - 1, KAPPAS).round().astype(int))
    for number, (k, colour) in enumerate(zip(rungs, colours(len(rungs)), strict=True)):
        entry = model.reconstructions[k]
        points(axes[0], *of(entry['original']), number, color=colour)
        points(axes[0], *of(entry['reconstructed']), number, color=colour, markerfacecolor=colour,
               label=rf'$\kappa={entry["kappa"]:g}$')
        draw_ratio(axes[1], entry, number=number, color=colour, markerfacecolor=colour)


def draw_ratio(axes, entry, **look):
    """Draw reconstructed over original."""
    points(axes, *of({'propagator': entry['propagator_ratio']}), **look)


def cumulants(study):
    """Yield figure i for every training kappa: four means against kappa, and what the models change in them."""
    for kappa, models in study.models.items():
        figure, axes = panels(4, 2, FULL, 6.6, height_ratios=[2, 1, 2, 1], sharex=True)
        pairs = [(axes[row, side], axes[row + 1, side]) for row in (0, 2) for side in (0, 1)]
        for pair, (name, label) in zip(pairs, CUMULANTS.items(), strict=True):
            draw_cumulant(pair, models, name, label)
            for ax in pair:
                reference(ax, x=kappa)
        axes[0, 0].legend()
        for ax in axes[-1]:
            ax.set_xlabel(r'$\kappa$')
        facts = {'kappa': f'{kappa:g}', 'ladder': len(models[0].reconstructions) > 1}
        yield Plot('i_cumulant_reconstruction', figure, facts, kappa)


def draw_cumulant(axes, models, name, label):
    """Draw one mean of the original and of every model, and below it the difference from the original."""
    for model in models:
        kappas = [entry['kappa'] for entry in model.reconstructions]
        before, before_error = column([entry['original'] for entry in model.reconstructions], name)
        after, after_error = column([entry['reconstructed'] for entry in model.reconstructions], name)
        if model.number == 0:
            points(axes[0], kappas, before, before_error, label='original', **ORIGINAL)
        points(axes[0], kappas, after, after_error, model.number, markersize=2.5, label=model.label)
        change = column([entry['difference'] for entry in model.reconstructions], name)
        points(axes[1], kappas, *change, model.number, markersize=2.5)
    reference(axes[1], y=0)
    axes[0].set_ylabel(label)
    axes[1].set_ylabel('difference')
