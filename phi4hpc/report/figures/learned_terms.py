"""What trained models have learned beyond a linear response, in terms of known operators."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, shown
from phi4hpc.report.models import described
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, legend, panels, points, reference

PLACE = 'kept', 60
TITLE = 'What was learned'
CAPTION = """
The part of what training has added to the reconstruction beyond a linear response, at
κ = {{ f.kappa }}, that a few operators explain on test draws, with coefficients for each orbit of
momenta that were fitted to other draws: φ³ at the site; φ²Σφ′ and φΣφ′² with the four neighbours
φ′; the cube of the momenta below the cut, as in first-order perturbation theory; and all of these.
Controls, right of the line, should explain nothing: φ² and its like, which have the wrong parity,
and products of three fields far from each other, drawn by chance. Jackknife errors. By model:
{%- for m in f.models %} {{ m.title | safe }}: this non-linear part has {{ m.nonlinear }} of ⟨φ²⟩,
and {{ m.together }} of it is explained by all operators, {{ m.control }} by the better control
{{- ';' if not loop.last else '.' }}
{%- endfor %}
 What stays unexplained are higher powers of the field, and what depends on places, those in a block
or those at which hidden units look.
"""

SECTORS = {'site': 'site', 'neighbours': 'neighbours', 'kept': 'kept waves', 'together': 'all',
           'parity': 'wrong parity', 'random': 'chance'}
CONTROLS = 'parity', 'random'
APART = 0.7                   # of the way from one sector to the next that models take


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, of the trained models."""
    for kappa, everyone, _ in shown(study, 'learned'):
        models = [(model, arrays) for model, arrays in everyone
                  if np.isfinite(arrays['nonlinear'])]
        if models:
            figure, axes = panels(1, 1, FULL, 3.4)
            for number, (model, arrays) in enumerate(models):
                shift = APART * ((number + 0.5) / len(models) - 0.5)
                draw_model(axes[0, 0], number, shift, model.label, arrays)
            finish(axes[0, 0])
            legend(figure, axes[0, 0], ncols=3)
            facts = [{**described(model), **said(arrays)} for model, arrays in models]
            yield Plot(figure, {'kappa': f'{kappa:g}', 'models': facts}, kappa)


def draw_model(axes: Axes, number: int, shift: float, label: str, group: Arrays) -> None:
    """Draw the part that each sector explains."""
    value, error = ([float(group[f'{name}{part}'][()]) for name in SECTORS]
                    for part in ('', '_error'))
    points(axes, np.arange(len(SECTORS)) + shift, value, error, number, label=label)


def finish(axes: Axes) -> None:
    """Label the axes, and part the controls from the rest."""
    axes.set_xticks(range(len(SECTORS)), list(SECTORS.values()))
    axes.tick_params(axis='x', which='both', length=0)
    axes.set(xlabel='operators', ylabel='part explained')
    reference(axes, x=len(SECTORS) - len(CONTROLS) - 0.5)
    reference(axes, y=0)


def said(group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    best = max(CONTROLS, key=lambda name: float(group[name]))
    return {key: percent(group, name) for key, name in (
        ('together', 'together'), ('control', best), ('nonlinear', 'nonlinear'))}


def percent(group: Arrays, name: str) -> str:
    """Return a number with its error in percent."""
    value, error = (100 * float(group[f'{name}{part}']) for part in ('', '_error'))
    return f'{value_error(value, error)}%'.replace('-', '−')
