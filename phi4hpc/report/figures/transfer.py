"""Which waves an autoencoder lets pass: its response, against momentum and over the zone."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.orbits import images, representatives, zone_momentum
from phi4hpc.report.canvas import Canvas
from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import by_size, described
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.mosaic import mosaic
from phi4hpc.report.spectra import estimate, steep
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import (
    FULL,
    Plot,
    bars,
    legend,
    panels,
    points,
    reference,
    widened,
)

PLACE = 'latent', 10
TITLE = 'Response to plane waves'
CAPTION = """
Response of the autoencoder to plane waves at κ = {{ f.kappa }}: <i>T</i>(<i>p</i>) =
⟨Σ<sub><i>x</i>,<i>y</i></sub> <i>e</i><sup>−i<i>p</i>(<i>x</i>−<i>y</i>)</sup>
∂<i>A</i>(<i>x</i>)/∂φ(<i>y</i>)⟩/Ω. {{ f.upper | safe }}: against
{{ phat() }} = 2 (Σ<sub>μ</sub> sin²(<i>p</i><sub>μ</sub>/2))<sup>1/2</sup>, the mean over the
momenta that the eight symmetries of the square carry into each other; the broad pale bar behind a
point reaches from the least to the largest <i>T</i> among them. {{ both_errors(f.seeds) }} {{
f.lower | safe }}: over the Brillouin zone, <i>p</i> = 0 in the middle, white 0 and red 1. A wave
with <i>T</i> = 1 passes the block spin and one with <i>T</i> = 0 is averaged out; 1/2 tells that of
a wave one phase is kept. A sharp edge is Wilson's cut-off in momentum; Kadanoff's blocks would have
a slow fall.
{%- for m in f.models %}{% if m.broken %} <strong>{{ m.title | safe }} breaks the symmetry of the
lattice: at {{ phat() }} = {{ m.broken.momentum }} <i>T</i> goes from {{ m.broken.least }} to
{{ m.broken.most }} where symmetry would have it equal
{%- if m.broken.cut %}: the cut at <i>d</i> = {{ m.latent }} lies inside a shell of momenta, and
chance decided which of them are kept{% endif %}.</strong>{% endif %}{% endfor %}
 The sum of <i>T</i> over all momenta is
{{- by_model(f.models, 'trace') }}
{{- decided_by_few(f.models) }}
"""

SMALL = 0.01                  # a spread of T, which is of order 1, that is not worth a word
CLEAR = 5.0                   # errors by which a spread in an orbit is taken for more than chance
COLUMNS = 6                   # of pictures of the Brillouin zone
CUT = 0.5                     # a spread that says that some momenta are kept and others are not


class Response(NamedTuple):
    """T over all momenta (L, L), its mean over their orbits, and the errors of both."""

    value_yx: np.ndarray
    error_yx: np.ndarray
    mean_yx: np.ndarray
    mean_error_yx: np.ndarray


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        with study.latent() as latent:
            arrays = [over_seeds(latent, model, 'autoencoder') for model in models]
        responses = [response(group) for group in arrays]
        groups = by_size(models)
        figure, upper, lower = panels_over_one(len(groups), models)
        for ax, (title, like) in zip(upper, groups, strict=True):
            for model in like:
                number = [each.name for each in models].index(model.name)
                draw_against_momentum(ax, model, responses[number])
            for y in (0, 1):
                reference(ax, y=y)
            ax.set(xlabel=MOMENTUM, ylabel='$T(p)$', title=title)
        draw_zones(lower, models, [found.value_yx for found in responses])
        legend(figure, upper)
        facts = [{**described(model), 'trace': estimate(group, 'trace'),
                  'broken': broken(found), 'steep': steep(group)}
                 for model, found, group in zip(models, responses, arrays, strict=True)]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': facts,
                            'upper': figure.letters(upper), 'lower': figure.letters(lower),
                            'seeds': any(model.trainings for model in models)}, kappa)


def panels_over_one(count: int, models: list[Model]) -> tuple[Canvas, np.ndarray, Axes]:
    """Return a figure, `count` panels at its top, and a wide one below for pictures of models."""
    height = 1.5 * -(-len(models) // COLUMNS)
    figure, axes = panels(2, count, FULL, 3.4 + height, height_ratios=[2.7, height])
    return figure, axes[0], widened(axes[1])


def response(group: Arrays) -> Response:
    """Return the Response that latent.h5 holds of an autoencoder."""
    return Response(*(group[key] for key in (
        'transfer', 'transfer_error', 'transfer_symmetric', 'transfer_symmetric_error')))


def draw_against_momentum(axes: Axes, model: Model, found: Response) -> None:
    """Draw the mean over each orbit of momenta, and behind it the range of T in the orbit."""
    own, of_orbit = representatives(model.L), images(found.value_yx)
    p_hat = zone_momentum(model.L)[own]
    bars(axes, p_hat, of_orbit.min(0)[own], of_orbit.max(0)[own], model.number)
    points(axes, p_hat, found.mean_yx[own], found.mean_error_yx[own], model.number, markersize=2.5,
           capsize=1, label=model.label)


def broken(found: Response) -> dict[str, object] | None:
    """Return the orbit whose momenta differ most, None where all agree within errors."""
    of_orbit = images(found.value_yx)
    least, most = of_orbit.min(0), of_orbit.max(0)
    clear = most - least > np.maximum(CLEAR * images(found.error_yx).max(0), SMALL)
    if not clear.any():
        return None
    at = np.unravel_index(np.where(clear, most - least, 0).argmax(), clear.shape)
    return {'momentum': f'{zone_momentum(len(clear))[at]:.3f}', 'least': f'{least[at]:z.3f}',
            'most': f'{most[at]:z.3f}', 'cut': bool(most[at] - least[at] > CUT)}


def draw_zones(axes: Axes, models: list[Model], values: list[np.ndarray]) -> None:
    """Show T over the Brillouin zone, p = 0 in the middle, in a picture for every model."""
    columns = min(COLUMNS, len(models))
    rows = -(-len(models) // columns)
    pictures = np.full((rows * columns, *values[0].shape), np.nan)
    pictures[:len(models)] = [np.fft.fftshift(value) for value in values]
    mosaic(axes, pictures.reshape(rows, columns, *values[0].shape), limit=1, gap=0.45)
    x, y = axes.get_xticks(), axes.get_yticks()
    axes.set(xticks=[], yticks=[])
    for number, model in enumerate(models):
        row, column = divmod(number, columns)
        axes.text(x[column], y[row] - y[0] - 2, model.short, ha='center', va='bottom', fontsize=7,
                  linespacing=1.0)
