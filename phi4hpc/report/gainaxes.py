"""How gains over the linear optimum are drawn and said, against latent size and against couplings.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from phi4hpc.report.canvas import Canvas
from phi4hpc.report.gains import LINEAR, NONE, Gaussian, Place, gain, models_of
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import CLEAR
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import bars, colour, legend, points, reference

THRESHOLD = 0.002             # gain up to which the axis is linear
TICKS = 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
LOOKS = dict(zip(LINEAR, ('-', '--', ':'), strict=True))


def kinds(study: Study, found: list[Place]) -> list[str]:
    """Return the kinds of models of a study and of places, in the order of their colours.

    Those without a gain are counted, so that a kind has the colour that other figures give it.
    """
    models = [*study.records(False), *models_of(found)]
    return list(dict.fromkeys(model.kind for model in models))


def draw_model(axes: Axes, model: Model, x: float, kinds: list[str], apart: float = 0.0) -> None:
    """Draw the gain of a model; `apart` as in style.points."""
    value, error, seeds = gain(model)
    number = kinds.index(model.kind)
    bars(axes, [x], [value - seeds], [value + seeds], number, apart=apart)
    points(axes, [x], [value], [error], number, apart, label=model.kind,
           markerfacecolor=colour(number) if model.converged else 'white')


def draw_control(axes: Axes, control: Model, x: float, apart: float = 0.0) -> None:
    """Draw the gain of a control, with both errors together; `apart` as in style.points."""
    value, error, seeds = gain(control)
    points(axes, [x], [value], [np.hypot(error, seeds)], apart=apart, fmt='x', color='0.35',
           label='control')


def finish(axes: Axes) -> None:
    """Draw the line at 0, and scale the axis of gains."""
    reference(axes, y=0)
    percent_axis(axes, THRESHOLD, TICKS)


def percent_axis(axes: Axes, linear: float, ticks: tuple[float, ...]) -> None:
    """Make the y axis logarithmic beyond `linear` both ways, with the `ticks` in percent."""
    axes.set_yscale('symlog', linthresh=linear)
    axes.yaxis.set_major_locator(FixedLocator([-x for x in ticks] + [0, *ticks]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(lambda x, _: f'${100 * x:g}$%')


def close(figure: Canvas, axes: np.ndarray, found: list[Place]) -> None:
    """Add the legend, and show all gains of models and of linear block spins."""
    for ax in axes[:, 0]:
        ax.set_ylabel('gain')
    legend(figure, axes)
    # On this axis matplotlib leaves no margin: a symbol at an end would be cut.
    ends = [value + sign * max(errors) for place in found for model in place.models
            for value, *errors in [gain(model)] for sign in (-1, 1)]
    ends += [value for place in found for sizes in place.sizes
             for value in place.linear(sizes).values()]
    axes[0, 0].set_ylim(1.6 * min(*ends, -THRESHOLD), 1.6 * max(*ends, THRESHOLD))


def facts(found: list[Place], gaussian: Gaussian = NONE) -> dict[str, Any]:
    """Return what the captions of both figures tell."""
    models = [(model, place) for place in found for model in place.models]
    controls = [(place.controls[model.of_seeds], place) for model, place in models
                if model.of_seeds in place.controls]
    beyond = [(model, place) for model, place in controls
              if (of := gain(model))[0] > CLEAR * np.hypot(*of[1:])]
    return {'linear': f'{100 * THRESHOLD:g}%',
            'seeds': any(gain(model)[2] > 0 for model, _ in (*models, *controls)),
            'linear_ones': any(place.linear(sizes) for place in found for sizes in place.sizes),
            'models': [described(model, place) | {'beside': beside(model, place, gaussian)}
                       for model, place in models],
            'controls': len(controls), 'beyond': [described(*one) for one in beyond]}


def described(model: Model, place: Place) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {'title': model.title, 'gain': percent(model), 'converged': model.converged,
            'at': f'κ = {place.kappa:g}, λ = {place.lam:g}'}


def beside(model: Model, place: Place, gaussian: Gaussian) -> str:
    """Return in words what stands beside the gain of a model: that of its control, and its own on
    Gaussian fields; '' where it has neither."""
    said = []
    if control := place.controls.get(model.of_seeds):
        said.append(f'control {percent(control)}')
    if there := gaussian.get(id(model)):
        # Rare fields may blow a cubic map up: then the number is that of those fields.
        said.append('on Gaussian fields ' + (
            'below −100%' if there.gain < -1
            else f'{value_error(100 * there.gain, 100 * there.error)}%'))
    return '; '.join(said)


def percent(model: Model) -> str:
    """Return the gain of a model in words, with its errors over draws and over seeds."""
    if model.rounded:
        return '0%'
    value, error, seeds = gain(model)
    said = value_error(100 * value, 100 * error)
    return f'{said} ± {100 * seeds:.1g}%' if seeds > 0 else f'{said}%'
