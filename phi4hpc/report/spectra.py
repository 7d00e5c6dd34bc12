"""Singular spectra of Jacobians, and their leading directions as lattice images."""

from dataclasses import dataclass

import numpy as np

from phi4hpc.report.numbers import value_error
from phi4hpc.report.style import FULL, Plot, mosaic, panels, points

FLOOR = -6                     # power of ten of the largest; as roots of eigenvalues, float64 values are noise below -8
COLUMNS = 8

KINDS = {'autoencoder': 'g_autoencoder', 'decoder': 'g_decoder', 'magnetisation': 'j_magnetisation',
         'binder': 'k_binder', 'propagator': 'l_propagator'}    # what latent.h5 says was differentiated: the figure


@dataclass(frozen=True)
class Spectrum:
    """Singular values (largest first) with errors, and unit lattice images (r, y, x) of the leading directions."""

    value: np.ndarray
    error: np.ndarray
    images: np.ndarray

    @property
    def resolved(self):
        """How many values stand above rounding noise."""
        return int((self.value > 10.0**FLOOR * self.value[0]).sum())

    @property
    def effective(self):
        """(sum s^2)^2 / sum s^4: the number of directions that count, between 1 and all."""
        return float((self.value**2).sum() ** 2 / (self.value**4).sum())


def spectrum(latent, model, name):
    """Return the Spectrum of what was differentiated, of a model in the open latent.h5."""
    group = latent[model.name][name]
    return Spectrum(*(group[key][...] for key in ('singular_values', 'singular_values_error', 'lattice_directions')))


def drawing(name):
    """Return the drawing of one spectrum: for every training kappa, spectra of all models and rows of directions."""

    def spectra(study):
        for kappa, models in study.models.items():
            with study.latent() as latent:
                of_models = [spectrum(latent, model, name) for model in models]
            figure, axes = panels(2, 1, FULL, 2.5 + 0.87 * len(models), height_ratios=[2.3, 0.87 * len(models)])
            draw_values(axes[0, 0], models, of_models)
            draw_directions(axes[1, 0], models, of_models)
            told = [facts(model, s) for model, s in zip(models, of_models, strict=True)]
            yield Plot(KINDS[name], figure, {'kappa': f'{kappa:g}', 'models': told}, kappa)

    return spectra


def draw_values(axes, models, of_models):
    """Draw the resolved singular values of all models with their errors, and an arrow where the rest is noise."""
    for model, s in zip(models, of_models, strict=True):
        n = s.resolved
        points(axes, 1 + np.arange(n), s.value[:n], s.error[:n], model.number, label=model.label,
               markersize=4 - model.number % 2 if n < 100 else 2)
        if n < len(s.value):
            axes.plot(n + 1, 0.05, f'C{model.number % 7}', marker='$\\downarrow$', markersize=7, ls='',
                      transform=axes.get_xaxis_transform())
    scale(axes, np.concatenate([s.value[:s.resolved] for s in of_models]))
    axes.set(xlabel='$i$', ylabel=r'$\sigma_i$', xlim=(0, max(COLUMNS, *(s.resolved for s in of_models)) + 2))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(ncols=2)


def scale(axes, values):
    """Choose the axis of singular values: logarithmic where they spread, and no narrower than a tenth where not."""
    if values.max() > 3 * values.min():
        axes.set_yscale('log')
        return
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.95 * values.min()), max(high, 1.05 * values.max()))
    axes.ticklabel_format(axis='y', useOffset=False)


def draw_directions(axes, models, of_models):
    """Show a row of leading directions for every model, each in units of its largest entry."""
    L = models[0].L
    images = np.full((len(models), COLUMNS, L, L), np.nan)
    for row, s in zip(images, of_models, strict=True):
        count = min(COLUMNS, len(s.images))
        row[:count] = s.images[:count] / abs(s.images[:count]).max((1, 2), keepdims=True)
    mosaic(axes, images, limit=1)
    most = max(len(s.images) for s in of_models)
    axes.set_xticklabels([f'$i={i + 1}$' if i < most else '' for i in range(COLUMNS)])
    axes.set_yticklabels([f'{model.family}\n$d={model.latent}$' for model in models])


def facts(model, s):
    """Return what the caption tells of a model's spectrum."""
    return {'family': model.family, 'latent': model.latent, 'resolved': s.resolved, 'total': len(s.value),
            'first': value_error(s.value[0], s.error[0]), 'effective': f'{s.effective:.1f}'}
