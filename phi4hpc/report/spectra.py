"""Singular values of orbits of momenta, of one sample and of stacks, and pictures of directions."""

from dataclasses import replace
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.latent.waves import spread_out
from phi4hpc.report.canvas import Canvas, canvas
from phi4hpc.report.information import IN_A_FIGURE, Arrays, over_seeds
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.mosaic import mosaic
from phi4hpc.report.numbers import ranges, value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, band, bars, named, panels, points, reference, widened

FLOOR = 1e-6
"""Part of the largest value below which others are rounding."""
COLUMNS = 8
ABREAST = 4
"""Panels of spectra in a row."""
SHOWN = 200
"""Values of a stack in `draw_stacks`, at most."""
STEEP = 4.0
"""Times the mean over jackknife blocks that one of them has where a few samples decide means."""
PART, CLEAR = 0.5, 0.1
"""Errors that values have at most where they are drawn: of the value, or of a wave that passes."""
LINEAR = 2.0
"""Up to which the axis of larger values is linear."""
TICKS = 0, 1, 2, 10, 100, 1000, 10000
SPOT = 0.25
"""Participation of a direction below which it is a spot: a wave has 2/3, random waves 1/3."""


def analysed(study: Study) -> list[str]:
    """Return the observables that have responses in latent.h5."""
    if not study.models:                                       # and so no latent.h5
        return []
    with study.latent() as latent:
        return sorted({name for model in study.everyone
                       for name, group in latent[model.name].items() if 'response' in group})


def estimate(group: Arrays, key: str) -> str:
    """Return a number of latent.h5 with its error in words."""
    return in_words(float(group[key]), float(group[f'{key}_error']))


def first(group: Arrays, key: str) -> str:
    """Return the first of the values of latent.h5 with its error in words."""
    return in_words(group[key][0], group[f'{key}_error'][0])


def rows_over_pictures(rows: int, models: int) -> tuple[Canvas, np.ndarray, Axes]:
    """Return a figure, its rows of two panels, and a wide one below, with a line for each model."""
    height = 0.3 + 0.75 * models
    figure, axes = panels(rows + 1, 2, FULL, 0.3 + 2.7 * rows + height,
                          height_ratios=[2.7] * rows + [height])
    return figure, axes[:-1], widened(axes[-1])


def letters(figure: Canvas, axes: np.ndarray, below: Axes) -> list[str]:
    """Return how captions name both columns of panels, and the pictures below them."""
    return [*(figure.letters(column) for column in axes.T), figure.letters([below])]


def pictured(models: list[Model]) -> list[Model]:
    """Return the models whose directions are shown: where they are many, the linear optimum and
    trained ones."""
    return [model for model in models
            if len(models) <= IN_A_FIGURE or model.record['trained'] or model.optimal]


def numbers(latent: h5py.File, models: list[Model], name: str) -> dict[str, Arrays]:
    """Return what models have under a name, by their names, the mean over their seeds."""
    return {model.name: over_seeds(latent, model, name) for model in models}


def legend(figure: Canvas, axes: np.ndarray) -> None:
    """Name what is drawn in some axes above the figure, each once, where many have room."""
    handles = named(axes)
    figure.legend(handles.values(), handles, loc='outside upper center', ncols=4, fontsize=7)


def draw_orbits(axes: Axes, model: Model, group: Arrays, key: str, least: float = 0.0,
                **look: Any) -> None:
    """Draw the values of orbits against p^ with their errors; see `clear` for `least`."""
    p_hat, value, error = (group[part] for part in ('p_hat', key, f'{key}_error'))
    own = clear(value, error, least)
    points(axes, p_hat[own], value[own], error[own], model.number,
           **{'markersize': 2.5, 'capsize': 1, 'label': model.label, **look})
    axes.set_xlabel(MOMENTUM)


def clear(value: np.ndarray, error: np.ndarray, least: float = 0.0) -> np.ndarray:
    """Return which values have an error of at most half of them, or of at most `least`.

    Errors that are rounding are small enough.
    """
    least = max(least, FLOOR * float(abs(value).max()))
    return ~(error > np.maximum(PART * abs(value), least))


def unclear(group: Arrays, key: str, least: float = 0.0) -> int:
    """Return how many values of orbits are not clear."""
    return int((~clear(group[key], group[f'{key}_error'], least)).sum())


def steep(group: Arrays) -> dict[str, Any] | None:
    """Return which part of all squares the steepest block of samples has, and which each would have
    if samples were alike, where it has so much more that a few samples decide means; or None.
    """
    share_b = group['shares']
    if not share_b.max() * len(share_b) > STEEP:
        return None
    return {'share': f'{100 * share_b.max():.0f}%', 'blocks': len(share_b),
            'alike': f'{100 / len(share_b):.0f}%'}


def typical(group: Arrays) -> str:
    """Return the name of the values of waves that say what a model does to most fields: the mean
    over samples, or their median where a few of them decide means."""
    return 'sample_value' if steep(group) else 'value'


def draw_waves(axes: Axes, model: Model, group: Arrays, least: float = 0.0) -> None:
    """Draw the `typical` values of waves against p^, with quartiles behind medians."""
    key = typical(group)
    if key == 'sample_value':
        lower, upper = group[f'{key}_lower'], group[f'{key}_upper']
        own = clear(group[key], group[f'{key}_error'], least)
        bars(axes, group['p_hat'][own], lower[own], upper[own], model.number, width=2)
    draw_orbits(axes, model, group, key, least)


def draw_sample(axes: Axes, model: Model, group: Arrays) -> None:
    """Draw the singular values of one sample by size: medians over samples, and quartiles."""
    i = 1 + np.arange(len(group['sample']))
    bars(axes, i, group['sample_lower'], group['sample_upper'], model.number, width=2)
    points(axes, i, group['sample'], group['sample_error'], model.number, markersize=2, capsize=0,
           label=model.label)
    axes.set_xlabel('$i$')


def decades(axes: Axes, count: float) -> None:
    """Make the axis of values logarithmic, down to some powers of ten below the largest.

    It stays linear where no value is drawn that is positive.
    """
    largest = max((float(trace.y.max()) for trace in canvas(axes).traces
                   if trace.axes is axes and len(trace.y)), default=0.0)
    if largest > 0:
        axes.set_yscale('log')
        axes.set_ylim(largest / 10**count, 2 * largest)


def draw_stacks(axes: np.ndarray, models: list[Model], groups: list[Arrays]) -> None:
    """Draw, in a panel for each model, the spectra of the stack, of the mean, and of one sample."""
    for panel, model, group in zip(axes.ravel(), models, groups, strict=False):
        for number, key in enumerate(('value', 'overlap')):
            draw_by_size(panel, model, group, key, number)
        draw_sample(panel, replace(model, number=2, called='one sample'), group)
        reference(panel, x=model.latent)
        panel.set_xscale('log')
        panel.set_title(model.label, fontsize=7, loc='right')
    for panel in axes.ravel()[len(models):]:
        panel.set_visible(False)
    for panel in axes[:, 0]:
        panel.set_ylabel(r'$\sigma_i$')
    own_scale(axes[0, 0], 3.0)
    legend(canvas(axes[0, 0]), axes)


def draw_by_size(axes: Axes, model: Model, group: Arrays, key: str, number: int) -> None:
    """Draw the values of a stack by size, each as often as its orbit has momenta, where clear."""
    own = clear(group[key], group[f'{key}_error'], CLEAR)
    if not own.any():
        return
    # The axis is logarithmic, so values closer than these would fall on one another.
    value_r, error_r = (np.repeat(part, group['momenta'])
                        for part in (abs(group[key]), group[f'{key}_error']))
    order = np.argsort(-value_r, kind='stable')
    shown = np.unique(np.geomspace(1, model.L**2, SHOWN).round().astype(int)) - 1
    shown = shown[np.repeat(own, group['momenta'])[order][shown]]
    band(axes, 1 + shown, value_r[order][shown], error_r[order][shown], number,
         label=('stack', 'mean')[number])


def own_scale(axes: Axes, part: float) -> None:
    """Make an axis logarithmic above LINEAR where values reach far beyond it.

    What lies below takes as much room as `part` decades.
    """
    low, high = axes.get_ylim()
    if high > 3 * LINEAR:
        axes.set_yscale('symlog', linthresh=LINEAR, linscale=part)
        axes.set_yticks([tick for tick in TICKS if tick < high])
        axes.yaxis.set_major_formatter(lambda x, _: f'{x:g}')
        axes.minorticks_off()
        axes.set_ylim(max(low, -0.1 * LINEAR), high)


def stacked_rows(count: int) -> int:
    """Return how many rows `draw_stacks` takes for a number of models."""
    return -(-count // ABREAST)


def draw_directions(axes: Axes, models: list[Model],
                    groups: list[h5py.Group]) -> dict[str, str | None]:
    """Show leading directions in a row for every model, each in units of its largest entry.

    Returns `spots` by the names of the models.
    """
    L = models[0].L
    pictures = np.full((len(models), COLUMNS, L, L), np.nan)
    of_models = [group['lattice_directions'][:COLUMNS] for group in groups]
    for row, images in zip(pictures, of_models, strict=True):
        row[:len(images)] = images / abs(images).max((1, 2), keepdims=True)
    mosaic(axes, pictures, limit=1)
    most = max(len(images) for images in of_models)
    axes.set_xticklabels([f'$i={i + 1}$' if i < most else '' for i in range(COLUMNS)])
    axes.set_yticklabels([model.short for model in models], fontsize=8)
    return {model.name: spots(group) for model, group in zip(models, groups, strict=True)}


def spots(group: h5py.Group) -> str | None:
    """Return 'direction 2' or 'directions 2 to 8' that are concentrated at some place, or None."""
    images = group['lattice_directions'][:COLUMNS]
    flat = images.reshape(len(images), -1)
    participation = 1 / (flat.shape[1] * (flat**4).sum(1))
    found = [int(i) + 1 for i in np.flatnonzero(participation < SPOT)]
    return f'direction{"s" if len(found) > 1 else ""} {ranges(found)}' if found else None


def resolved(group: Arrays, key: str) -> int:
    """Return how many values of a stack stand above rounding, each wave of an orbit counted."""
    value_r = spread_out(group[key][...], group['momenta'][...])
    return int((value_r > FLOOR * value_r[0]).sum())


def at_smallest(group: Arrays, key: str) -> str:
    """Return a value at the smallest momentum that is not zero, in words."""
    at = int(np.argsort(group['p_hat'][...], kind='stable')[1])
    return in_words(group[key][at], group[f'{key}_error'][at])


def in_words(value: float, error: float) -> str:
    """Return a value with its error; alone where that is the rounding of a model in float32."""
    return value_error(float(value), float(error) if error > FLOOR * abs(value) else 0.0)
