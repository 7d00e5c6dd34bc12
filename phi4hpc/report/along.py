"""Axes of models: those at one kappa side by side, or kappas of training where there are several.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import dots, reference

FIRST = 'magnetisation', 'binder', 'propagator'
NEAR, WIDE = 0.6, 0.08        # of the least distance of kappas, and of them all, that models take


class Place(NamedTuple):
    """What one model has under a name in latent.h5, and where it stands: its kappa, or its number
    among all models. `number` is that of its marker, the same at every kappa, and `apart` how far
    from x it is drawn, for all models of a kappa to be seen."""

    x: float
    model: Model
    number: int
    arrays: Arrays
    apart: float = 0.0


def several(study: Study) -> bool:
    """Return whether models are trained at more kappas than one."""
    return len(study.models) > 1


def places(study: Study, name: str) -> list[list[Place]]:
    """Return the Places of models that have something under a name, each model's by kappa."""
    if not study.models:                                       # and so no latent.h5
        return []
    found: dict[str, list[Place]] = {}
    with study.latent() as latent:
        for kappa, models in study.models.items():
            for x, model in enumerate(models):
                if arrays := over_seeds(latent, model, name):
                    own = found.setdefault(model.label, [])
                    number = own[0].number if own else len(found) - 1
                    own.append(Place(kappa if several(study) else x, model, number, arrays))
    wide = width(study) / len(found) if found else 0.0
    return [[place._replace(apart=wide * (place.number - (len(found) - 1) / 2)) for place in own]
            for own in found.values()]


def width(study: Study) -> float:
    """Return how far the models of a kappa are drawn apart in all."""
    kappas = sorted(study.models)
    if len(kappas) < 2:
        return 0.0
    return min(NEAR * min(np.diff(kappas)), WIDE * (kappas[-1] - kappas[0]))


def of_kappas(said: dict[float, str]) -> str:
    """Return what a caption says by kappa, once where all of it is the same."""
    if len(set(said.values())) < 2:
        return ''.join(dict.fromkeys(said.values()))
    return ', '.join(f'{words} at κ = {kappa:g}' for kappa, words in sorted(said.items()))


def in_order(observables: Iterable[str]) -> list[str]:
    """Return the names of observables in the order of the figures that the talk has."""
    return sorted(observables, key=lambda name: (name not in FIRST, name))


def draw_original(axes: Axes, study: Study, value: dict[float, float]) -> None:
    """Draw what observables have before the models, {x: value}: one line, or a dash a kappa."""
    if several(study):
        dots(axes, list(value), list(value.values()), marker='_', color='k', markersize=9,
             label='original', zorder=0)
    elif value:
        reference(axes, y=next(iter(value.values())))


def name_models(axes: Axes, study: Study) -> None:
    """Label the x axis of the lowest panel by kappa, or by the names of models."""
    if several(study):
        axes.set_xlabel(r'$\kappa$')
        return
    names = [model.label for model in study.everyone]
    axes.set_xticks(range(len(names)), names, fontsize=7, rotation=30, ha='right')
    axes.tick_params(axis='x', which='minor', length=0)
