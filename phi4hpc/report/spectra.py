"""Singular spectra of Jacobians, and their leading directions as lattice images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.models import described
from phi4hpc.report.numbers import ranges, value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, colour, mosaic, panels, points

FLOOR = -6
"""Power of ten of the largest value; as roots of eigenvalues, values below 1e-8 of it are noise."""
COLUMNS = 8
SPOT = 0.25
"""Participation of a direction below which it is a spot: a wave has 2/3, random waves 1/3."""


@dataclass(frozen=True)
class Spectrum:
    """Singular values (largest first) with errors, and unit images (r, y, x) of the directions."""

    value: np.ndarray
    error: np.ndarray
    images: np.ndarray

    @property
    def resolved(self) -> int:
        """The number of values that stand above rounding noise."""
        return int((self.value > 10.0**FLOOR * max(self.value[0], 0)).sum())

    @property
    def bounded(self) -> bool:
        """Whether all values that are not resolved vanish exactly, as a bound on the rank says."""
        return self.resolved < len(self.value) and not self.value[self.resolved:].any()

    @property
    def effective(self) -> float:
        """(sum s^2)^2 / sum s^4: the number of directions that count, between 1 and all."""
        fourth = (self.value**4).sum()
        return float((self.value**2).sum() ** 2 / fourth) if fourth > 0 else 0.0

    @property
    def spots(self) -> list[int]:
        """The numbers of the directions, from 1, that are concentrated at some place."""
        flat = self.images.reshape(len(self.images), -1)
        participation = 1 / (flat.shape[1] * (flat**4).sum(1))
        return [int(i) + 1 for i in np.flatnonzero(participation < SPOT)]


def spectrum(group: h5py.Group) -> Spectrum:
    """Return the Spectrum that a group of latent.h5 holds."""
    keys = 'singular_values', 'singular_values_error', 'lattice_directions'
    return Spectrum(*(group[key][...] for key in keys))


def draw(study: Study, what: str, facts: dict[str, Any], name: str | None = None) -> Iterator[Plot]:
    """Yield a figure for every training kappa: spectra of all models, and rows of directions.

    `what` names the group of a model in latent.h5, `facts` are for the caption as they are.
    Models without that group, for which an observable is not defined, are left out.
    """
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            models = [model for model in everyone if what in latent[model.name]]
            of_models = [spectrum(latent[model.name][what]) for model in models]
        if not models:
            continue
        figure, axes = panels(2, 1, FULL, 2.5 + 0.87 * len(models),
                              height_ratios=[2.3, 0.87 * len(models)])
        draw_values(axes[0, 0], models, of_models)
        draw_directions(axes[1, 0], models, of_models)
        found = [facts_of(model, s) for model, s in zip(models, of_models, strict=True)]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found, **facts}, kappa, name)


def draw_values(axes: Axes, models: list[Model], of_models: list[Spectrum]) -> None:
    """Draw the resolved singular values with their errors, and an arrow where the rest is noise."""
    for model, s in zip(models, of_models, strict=True):
        n = s.resolved
        points(axes, 1 + np.arange(n), s.value[:n], s.error[:n], model.number, label=model.label,
               markersize=4 - model.number % 2 if n < 100 else 2)
        if n < len(s.value):
            axes.plot(n + 1, 0.05, colour(model.number), marker='$\\downarrow$', markersize=7,
                      ls='', transform=axes.get_xaxis_transform())
    scale(axes, np.concatenate([s.value[:s.resolved] for s in of_models]))
    longest = max(COLUMNS, *(s.resolved for s in of_models))
    axes.set(xlabel='$i$', ylabel=r'$\sigma_i$', xlim=(0, longest + 2))
    axes.locator_params(axis='x', integer=True)
    axes.legend(ncols=2)


def scale(axes: Axes, values: np.ndarray) -> None:
    """Make the axis of values logarithmic where they spread, and a tenth wide where they do not."""
    if not len(values):
        return
    if values.max() > 3 * values.min():
        axes.set_yscale('log')
        return
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, 0.95 * values.min()), max(high, 1.05 * values.max()))
    axes.ticklabel_format(axis='y', useOffset=False)


def draw_directions(axes: Axes, models: list[Model], of_models: list[Spectrum]) -> None:
    """Show leading directions in a row for every model, each in units of its largest entry."""
    L = models[0].L
    pictures = np.full((len(models), COLUMNS, L, L), np.nan)
    for row, s in zip(pictures, of_models, strict=True):
        count = min(COLUMNS, len(s.images))
        row[:count] = s.images[:count] / abs(s.images[:count]).max((1, 2), keepdims=True)
    mosaic(axes, pictures, limit=1)
    most = max(len(s.images) for s in of_models)
    axes.set_xticklabels([f'$i={i + 1}$' if i < most else '' for i in range(COLUMNS)])
    axes.set_yticklabels([model.short for model in models], fontsize=8)


def spots_in_words(spots: list[int]) -> str | None:
    """Return 'direction 2' or 'directions 2 to 8', None where there are none."""
    if not spots:
        return None
    return f'direction{"s" if len(spots) > 1 else ""} {ranges(spots)}'


def facts_of(model: Model, s: Spectrum) -> dict[str, Any]:
    """Return what the caption tells of a model's spectrum."""
    spots = [i for i in s.spots if i <= COLUMNS]
    return {**described(model), 'resolved': s.resolved, 'total': len(s.value),
            'bounded': s.bounded, 'first': value_error(s.value[0], s.error[0]),
            'effective': f'{s.effective:.1f}', 'spots': spots_in_words(spots)}
