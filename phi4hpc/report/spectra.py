"""Singular values of orbits of momenta, of one sample and of stacks, and pictures of directions."""

from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.latent.waves import spread_out
from phi4hpc.report.canvas import Canvas, canvas
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.mosaic import mosaic
from phi4hpc.report.numbers import ranges, value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, band, panels, points, reference

FLOOR = 1e-6
"""Part of the largest value below which others are rounding."""
COLUMNS = 8
ABREAST = 4
"""Panels of spectra in a row."""
SHOWN = 200
"""Values of a stack in `draw_stacks`, at most."""
HIGHEST = 1.7
"""Of the axis of `draw_stacks`."""
SPOT = 0.25
"""Participation of a direction below which it is a spot: a wave has 2/3, random waves 1/3."""


def analysed(study: Study) -> list[str]:
    """Return the observables that have responses in latent.h5."""
    models = [model for of_kappa in study.models.values() for model in of_kappa]
    if not models:
        return []
    with study.latent() as latent:
        return sorted({name for model in models for name, group in latent[model.name].items()
                       if 'response' in group})


def estimate(group: h5py.Group, key: str) -> str:
    """Return a number of latent.h5 with its error in words."""
    return in_words(group[key][()], group[f'{key}_error'][()])


def first(group: h5py.Group, key: str) -> str:
    """Return the first of the values of latent.h5 with its error in words."""
    return in_words(group[key][0], group[f'{key}_error'][0])


def two_over_one(models: int) -> tuple[Canvas, np.ndarray, Axes]:
    """Return a figure, the two panels at its top, and a wide one below, with a row a model."""
    height = 0.3 + 0.75 * models
    figure, axes = panels(2, 2, FULL, 3.0 + height, height_ratios=[2.7, height])
    grid = axes[1, 0].get_gridspec()
    for panel in axes[1]:
        panel.remove()
    return figure, axes[0], figure.add_subplot(grid[1, :])


def legend(figure: Canvas, axes: Axes) -> None:
    """Name what is drawn in some axes above the figure, where many models have room."""
    figure.legend(*axes.get_legend_handles_labels(), loc='outside upper center', ncols=4,
                  fontsize=7)


def draw_orbits(axes: Axes, model: Model, group: h5py.Group, key: str, **look: Any) -> None:
    """Draw the values of orbits against p^ with their errors."""
    p_hat, value, error = (group[part][...] for part in ('p_hat', key, f'{key}_error'))
    points(axes, p_hat, value, error, model.number,
           **{'markersize': 2.5, 'capsize': 1, 'label': model.label, **look})
    axes.set_xlabel(MOMENTUM)


def draw_sample(axes: Axes, model: Model, group: h5py.Group) -> None:
    """Draw the singular values of one sample by size, the mean over samples."""
    sample = group['sample'][...]
    points(axes, 1 + np.arange(len(sample)), sample, group['sample_error'][...], model.number,
           markersize=2, capsize=1)
    axes.set_xlabel('$i$')


def decades(axes: Axes, count: float) -> None:
    """Make the axis of values logarithmic, down to some powers of ten below the largest."""
    largest = max(float(trace.y.max()) for trace in canvas(axes).traces if trace.axes is axes)
    axes.set_yscale('log')
    axes.set_ylim(largest / 10**count, 2 * largest)


def draw_stacks(axes: np.ndarray, models: list[Model], groups: list[h5py.Group]) -> None:
    """Draw, in a panel for each model, the spectra of the stack, of the mean, and of one sample."""
    for panel, model, group in zip(axes.ravel(), models, groups, strict=False):
        # The axis is logarithmic, so values closer than these would fall on one another.
        shown = np.unique(np.geomspace(1, model.L**2, SHOWN).round().astype(int)) - 1
        count = group['momenta'][...]
        for number, key in enumerate(('value', 'overlap')):
            value_o, error_o = abs(group[key][...]), group[f'{key}_error'][...]
            order = np.argsort(-np.repeat(value_o, count), kind='stable')[shown]
            band(panel, 1 + shown, np.repeat(value_o, count)[order],
                 np.repeat(error_o, count)[order], number, label=('stack', 'mean')[number])
        sample, error = group['sample'][...], group['sample_error'][...]
        points(panel, 1 + np.arange(len(sample)), sample, error, 2, markersize=2, capsize=1,
               label='one sample')
        reference(panel, x=model.latent)
        panel.set(xscale='log', ylim=(0, HIGHEST), xlabel='$i$')
        panel.set_title(model.label, fontsize=8)
    for panel in axes.ravel()[len(models):]:
        panel.set_axis_off()
    for panel in axes[:, 0]:
        panel.set_ylabel(r'$\sigma_i$')
    axes[0, 0].legend(fontsize=7)


def stacked_rows(count: int) -> int:
    """Return how many rows `draw_stacks` takes for a number of models."""
    return -(-count // ABREAST)


def draw_directions(axes: Axes, models: list[Model], groups: list[h5py.Group]) -> None:
    """Show leading directions in a row for every model, each in units of its largest entry."""
    L = models[0].L
    pictures = np.full((len(models), COLUMNS, L, L), np.nan)
    of_models = [group['lattice_directions'][:COLUMNS] for group in groups]
    for row, images in zip(pictures, of_models, strict=True):
        row[:len(images)] = images / abs(images).max((1, 2), keepdims=True)
    mosaic(axes, pictures, limit=1)
    most = max(len(images) for images in of_models)
    axes.set_xticklabels([f'$i={i + 1}$' if i < most else '' for i in range(COLUMNS)])
    axes.set_yticklabels([model.short for model in models], fontsize=8)


def spots(group: h5py.Group) -> str | None:
    """Return 'direction 2' or 'directions 2 to 8' that are concentrated at some place, or None."""
    images = group['lattice_directions'][:COLUMNS]
    flat = images.reshape(len(images), -1)
    participation = 1 / (flat.shape[1] * (flat**4).sum(1))
    found = [int(i) + 1 for i in np.flatnonzero(participation < SPOT)]
    return f'direction{"s" if len(found) > 1 else ""} {ranges(found)}' if found else None


def resolved(group: h5py.Group, key: str) -> int:
    """Return how many values of a stack stand above rounding, each wave of an orbit counted."""
    value_r = spread_out(group[key][...], group['momenta'][...])
    return int((value_r > FLOOR * value_r[0]).sum())


def at_smallest(group: h5py.Group, key: str) -> str:
    """Return a value at the smallest momentum that is not zero, in words."""
    at = int(np.argsort(group['p_hat'][...], kind='stable')[1])
    return in_words(group[key][at], group[f'{key}_error'][at])


def in_words(value: float, error: float) -> str:
    """Return a value with its error; alone where that is the rounding of a model in float32."""
    return value_error(float(value), float(error) if error > FLOOR * abs(value) else 0.0)
