"""What trained models have learned beyond a linear response, in terms of known operators."""

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, shown
from phi4hpc.report.models import described
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import difference
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, abreast, legend, panels, points, reference

PLACE = 'kept', 60
TITLE = 'What was learned'
CAPTION = """
The part of what was learned that a few operators explain on test draws, at κ = {{ f.kappa }}, with
coefficients for each orbit of momenta that were fitted to other draws: φ³ at the site; φ²Σφ′ and
φΣφ′² with the four neighbours φ′; the cube of the momenta below the cut, as in first-order
perturbation theory; and all of these. Controls, beyond the line, should explain nothing: φ² and
its like, which have the wrong parity, and products of three fields far from each other, drawn by
chance. Jackknife errors. Of the reconstruction it is what training has added beyond a
linear response to each momentum.
{%- for m in f.learned %} {{ m.title | safe }}: it has {{ m.nonlinear }} of ⟨φ²⟩, and
{{ m.together }} of it is explained by all operators, {{ m.control }} by the better control
{{- ', which is no less beyond chance' if m.chance }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
{%- if f.learned_encoder %} Of the encoder it is its latents less their best linear prediction from
the field, as the best linear decoder sees them.
{%- for m in f.learned_encoder %} {{ m.title | safe }}: {{ m.nonlinear }} of the variance of the
latents is not linear in the field, and {{ m.together }} of it is explained by all operators,
{{ m.control }} by the better control{{ ', which is no less beyond chance' if m.chance }}
{{- ';' if not loop.last else '.' }}
{%- endfor %}{% endif %}
 What stays unexplained are higher powers of the field, such as its fine digits are, and what
depends on places, those in a block or those at which hidden units look.
"""

PARTS = {'learned': 'of the reconstruction', 'learned_encoder': 'of the encoder'}
SECTORS = {'site': 'site', 'neighbours': 'neighbours', 'kept': 'kept waves', 'together': 'all',
           'parity': 'wrong parity', 'random': 'chance'}
CONTROLS = 'parity', 'random'
APART = 0.7                   # of the way from one sector to the next that models take


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, of the trained models."""
    found = {name: {kappa: not_linear(models) for kappa, models, _ in shown(study, name)}
             for name in PARTS}
    for kappa in found['learned']:
        parts = {name: found[name].get(kappa, []) for name in PARTS}
        drawn = [name for name in PARTS if parts[name]]
        if drawn:
            figure, axes = panels(len(drawn), 1, FULL, 0.6 + 2.5 * len(drawn), sharex=True)
            for panel, name in zip(axes[:, 0], drawn, strict=True):
                draw_part(panel, parts[name], PARTS[name])
            axes[-1, 0].set_xlabel('operators')
            legend(figure, axes, ncols=3)
            with study.latent() as latent:
                facts = {name: [{**described(model), **said(arrays),
                                 'chance': by_chance(latent, model, name, arrays)}
                                for model, arrays in parts[name]] for name in PARTS}
            yield Plot(figure, {'kappa': f'{kappa:g}', **facts}, kappa)


def not_linear(models: list[tuple[Model, Arrays]]) -> list[tuple[Model, Arrays]]:
    """Return the models in which something is not linear."""
    return [(model, arrays) for model, arrays in models if np.isfinite(arrays['nonlinear'])]


def draw_part(axes: Axes, models: list[tuple[Model, Arrays]], label: str) -> None:
    """Draw the parts that operators explain, of all models beside each other."""
    for number, (model, arrays) in enumerate(models):
        shift = abreast(number, len(models), APART)
        draw_model(axes, model.number, shift, model.label, arrays)
    finish(axes, label)


def draw_model(axes: Axes, number: int, shift: float, label: str, group: Arrays) -> None:
    """Draw the part that each sector explains."""
    value, error = ([float(group[f'{name}{part}'][()]) for name in SECTORS]
                    for part in ('', '_error'))
    points(axes, np.arange(len(SECTORS)) + shift, value, error, number, label=label)


def finish(axes: Axes, label: str) -> None:
    """Label the axes, and part the controls from the rest."""
    axes.set_xticks(range(len(SECTORS)), list(SECTORS.values()))
    axes.tick_params(axis='x', which='both', length=0)
    axes.set_ylabel(f'part explained\n{label}')
    reference(axes, x=len(SECTORS) - len(CONTROLS) - 0.5)
    reference(axes, y=0)


def said(group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {key: percent(group, name) for key, name in (
        ('together', 'together'), ('control', control(group)), ('nonlinear', 'nonlinear'))}


def control(group: Arrays) -> str:
    """Return the name of the control that explains more."""
    return max(CONTROLS, key=lambda name: float(group[name]))


def by_chance(latent: h5py.File, model: Model, part: str, group: Arrays) -> bool:
    """Return whether all operators are known to explain no more than the better control, by the
    error of the difference."""
    found = difference(latent, model, model, f'{part}/together', f'{part}/{control(group)}')
    return found is not None and not found.clear


def percent(group: Arrays, name: str) -> str:
    """Return a number with its error in percent."""
    value, error = (100 * float(group[f'{name}{part}']) for part in ('', '_error'))
    return f'{value_error(value, error)}%'.replace('-', '−')
