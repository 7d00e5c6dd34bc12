"""Angles between what observables respond to, by model or against kappa."""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.report.along import (
    Place,
    draw_original,
    in_order,
    name_models,
    of_kappas,
    places,
    several,
)
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, dots, legend, panels, points

PLACE = 'latent', 65
TITLE = 'Angles between what observables respond to'
CAPTION = """
Whether two observables after the decoder see the same directions of latents of unit covariance, a
row for each two of them,
{{- against_trainings(f) }} 0° is the same directions, 90° none in common. {{ averaged() }} So
spaces of leading directions are spanned by waves, principal angles between them are 0° or 90°, and
where responses are equal it is arbitrary which waves lead. In their place stands the angle that all
waves have together, each with its weight in both spectra:
cos θ = Tr <i>G</i><sub>1</sub><i>G</i><sub>2</sub> / (Tr <i>G</i><sub>1</sub>²
Tr <i>G</i><sub>2</sub>²)<sup>1/2</sup>, with <i>G</i> the Gram matrices; the propagator's is of its
logarithm. {{ f.panels[0] | safe }}: all waves. {{ f.panels[1] | safe }}: without the constant
field, which a response to {{ M() }} always has: there only models are shown in which both see other
waves, too. Points: after the model, with jackknife errors.
{%- if f.kappas | length > 1 %} Short black lines: {% else %} Dashed: {% endif %}the observables
before the model. Grey dots: the mean cosine of directions that are rotated at random, exact among
as many waves as the model lets pass, (Σσ²)²/Σσ⁴ of its stack; none where both see more.
All waves before the model:
{%- for row in f.rows %} {{ row.words }} {{ row.before }}{{ ';' if not loop.last else '.' }}
{%- endfor %} Without the constant field, the observables before the model
{%- for row in f.rows if row.beyond %}{{ ':' if loop.first }} {{ row.words }} {{ row.beyond }}
{{- ';' if not loop.last else '.' }}{% else %} have no two that see other waves.{% endfor %}
{%- if f.nearest %} What sees the constant field alone before the model, and other waves after it,
sees these because the model mixes waves; of trained models, the smallest such angle there is
{{ f.nearest.angle }}, between {{ f.nearest.words }} of {{ f.nearest.title | safe }}
{{- ', where chance has ' ~ f.nearest.chance if f.nearest.chance }}.{% endif %}
"""

KEYS = 'all', 'beyond'
TICKS = 0, 30, 60, 90
EXACT = 1e-3                  # degrees of an error below which it is rounding


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure: against kappa where models are trained at several, else by model."""
    models = places(study, 'angles')
    found = [place for own in models for place in own]
    if not found:
        return
    pairs = list(combinations(names_of(found), 2))
    figure, axes = panels(len(pairs), 2, FULL, 0.9 + 1.05 * len(pairs), sharex=True, sharey=True)
    rows = [draw_row(row, study, models, pair) for row, pair in zip(axes, pairs, strict=True)]
    for panel, words in zip(axes[0], ('all waves', 'without the constant field'), strict=True):
        panel.set_title(words)
    for panel in axes[-1]:
        name_models(panel, study)
    if several(study):
        legend(figure, axes, ncols=3)
    yield Plot(figure, {'kappas': [f'{kappa:g}' for kappa in sorted(study.models)], 'rows': rows,
                        'panels': [figure.letters(column) for column in axes.T],
                        'nearest': nearest(found, pairs, several(study))})


def names_of(found: list[Place]) -> list[str]:
    """Return the observables that any model has, in the order of the other figures."""
    names = {name.decode() for place in found for name in place.arrays['observable']}
    return in_order(names)


def of_pair(place: Place, pair: tuple[str, str], key: str) -> float:
    """Return an entry of one of the matrices of a model; nan where it has not both observables."""
    names = [name.decode() for name in place.arrays['observable']]
    if not set(pair) <= set(names):
        return np.nan
    one, other = map(names.index, pair)
    return float(place.arrays[key][one, other])


def draw_row(axes: np.ndarray, study: Study, models: list[list[Place]],
             pair: tuple[str, str]) -> dict[str, Any]:
    """Draw two observables in two panels; return what the caption tells of them."""
    found = [place for own in models for place in own]
    for panel, key in zip(axes, KEYS, strict=True):
        for own in models:
            draw_model(panel, own, pair, key)
        draw_before(panel, study, found, pair, key)
        panel.set(ylim=(-5, 95))
        panel.set_yticks(TICKS, [f'{tick}°' for tick in TICKS])
    for panel in axes:
        panel.set_ylabel(', '.join(load(name).label for name in pair), fontsize=8)
    said = {key: before(found, pair, f'original_{key}') for key in KEYS}
    return {'words': words(pair), 'before': said['all'], 'beyond': said['beyond']}


def draw_model(axes: Axes, own: list[Place], pair: tuple[str, str], key: str) -> None:
    """Draw what one model has, and behind it what chance has."""
    own = [place for place in own if np.isfinite(of_pair(place, pair, key))]
    if not own:
        return
    x, apart = ([getattr(place, name) for place in own] for name in ('x', 'apart'))
    value, error, random = ([of_pair(place, pair, name) for place in own]
                            for name in (key, f'{key}_error', f'chance_{key}'))
    points(axes, x, value, error, own[0].number, apart, label=own[0].model.label)
    dots(axes, x, random, apart=apart, marker='.', color='0.55', markersize=4, label='chance',
         zorder=0)


def draw_before(axes: Axes, study: Study, found: list[Place], pair: tuple[str, str],
                key: str) -> None:
    """Draw the angle between both before the models, which are all of the same ensemble."""
    value = {place.x: of_pair(place, pair, f'original_{key}') for place in found}
    draw_original(axes, study, {x: y for x, y in value.items() if np.isfinite(y)})


def before(found: list[Place], pair: tuple[str, str], key: str) -> str | None:
    """Return the angles before the models in words, by kappa; None where there is none."""
    value = {place.model.kappa: (of_pair(place, pair, key), of_pair(place, pair, f'{key}_error'))
             for place in found}
    return of_kappas({kappa: in_words(*one) for kappa, one in value.items()
                      if np.isfinite(one[0])}) or None


def nearest(found: list[Place], pairs: list[tuple[str, str]],
            many: bool) -> dict[str, str | None] | None:
    """Return the smallest angle beyond the constant field after trained models, of observables that
    see it alone before; None where there is none. `many`: whether there are several kappas."""
    angles = [(value, number, pair) for number, place in enumerate(found) for pair in pairs
              if place.model.record['trained'] and np.isnan(of_pair(place, pair, 'original_beyond'))
              and np.isfinite(value := of_pair(place, pair, 'beyond'))]
    if not angles:
        return None
    value, number, pair = min(angles)
    place = found[number]
    random = of_pair(place, pair, 'chance_beyond')
    return {'angle': in_words(value, of_pair(place, pair, 'beyond_error')), 'words': words(pair),
            'title': place.model.title + (f' at κ = {place.model.kappa:g}' if many else ''),
            'chance': f'{random:.0f}°' if np.isfinite(random) else None}


def words(pair: tuple[str, str]) -> str:
    """Return how captions name two observables."""
    return ' and '.join(load(name).words for name in pair)


def in_words(value: float, error: float) -> str:
    """Return an angle with its error, alone where that is rounding."""
    if error < EXACT:
        return f'{value:.3g}°' if value > EXACT else '0°'
    return f'{value_error(value, error)}°'
