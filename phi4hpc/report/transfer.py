"""Which waves an autoencoder lets pass: its response to them, against momentum and over the Brillouin zone."""

import numpy as np

from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.report.propagators import MOMENTUM
from phi4hpc.report.style import FULL, Plot, mosaic, panels, points, reference


def transfer(study):
    """Yield the figure of the response to plane waves for every training kappa."""
    for kappa, models in study.models.items():
        with study.latent() as latent:
            responses = [[latent[model.name]['autoencoder'][key][...] for key in ('transfer', 'transfer_error')]
                         for model in models]
        figure, axes = panels(1, 2, FULL, 2.9, width_ratios=[1.5, 1])
        for model, (value, error) in zip(models, responses, strict=True):
            draw_against_momentum(axes[0, 0], model, value, error)
        for y in (0, 1):
            reference(axes[0, 0], y=y)
        axes[0, 0].set(xlabel=MOMENTUM, ylabel='$T(p)$')
        axes[0, 0].legend()
        draw_zones(axes[0, 1], models, [value for value, _ in responses])
        told = [{'family': model.family, 'latent': model.latent, 'trace': f'{value.sum():.1f}'}
                for model, (value, _) in zip(models, responses, strict=True)]
        yield Plot('transfer', figure, {'kappa': f'{kappa:g}', 'models': told}, kappa)


def draw_against_momentum(axes, model, value, error):
    """Draw T at every momentum 0 <= p_y <= p_x <= pi: the others differ from these by a symmetry of the lattice."""
    ny, nx = np.tril_indices(model.L // 2 + 1)[::-1]
    line = lattice_momentum(model.L)
    points(axes, np.hypot(line[ny], line[nx]), value[ny, nx], error[ny, nx], model.number, markersize=2.5,
           capsize=1, label=model.label)


def draw_zones(axes, models, values):
    """Show T over the Brillouin zone, p = 0 in the middle, in a picture for every model."""
    columns = min(len(models), 2)
    rows = -(-len(models) // columns)
    images = np.full((rows * columns, *values[0].shape), np.nan)
    images[:len(models)] = [np.fft.fftshift(value) for value in values]
    mosaic(axes, images.reshape(rows, columns, *values[0].shape), limit=1)
    axes.set_xticks([])
    axes.set_yticks([])
    height = 1 / rows
    for model in models:
        row, column = divmod(model.number, columns)
        axes.text((column + 0.5) / columns, 1 - row * height, model.label, transform=axes.transAxes,
                  ha='center', va='bottom', fontsize=8)
