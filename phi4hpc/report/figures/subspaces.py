"""How the leading latent directions of observables lie to each other: principal angles."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.lattice.observable import load
from phi4hpc.report.models import described
from phi4hpc.report.spectra import ABREAST, stacked_rows
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, panels

PLACE = 'latent', 55
TITLE = 'Do observables look at the same latents?'
CAPTION = """
What the leading latent directions of two observables share, at κ = {{ f.kappa }}: the mean squared
cosine of the principal angles between the spaces that they span, in latents of unit covariance. Of
each observable these are its (Σσ²)²/Σσ⁴ leading directions, rounded (in brackets). 1: the smaller
space lies in the larger one, so that both see the same latents; 0: they see different ones. There
is no average over symmetries here, but angles do not depend on labels of latents. The largest
angle between {{ f.first }} and {{ f.second }} is
{{- by_model(f.models, 'angle') }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            models = [model for model in everyone if 'subspaces' in latent[model.name]]
            found = [{key: latent[model.name]['subspaces'][key][...]
                      for key in ('observable', 'dimension', 'angle', 'shared')}
                     for model in models]
        if not models:
            continue
        rows, columns = stacked_rows(len(models)), min(len(models), ABREAST)
        figure, axes = panels(rows, columns, FULL, 0.5 + 1.9 * rows)
        for panel in axes.ravel()[len(models):]:
            panel.set_axis_off()
        for panel, model, spaces in zip(axes.ravel(), models, found, strict=False):
            draw_shared(panel, model, spaces)
        first, second = (load(name.decode()).words for name in found[0]['observable'][:2])
        yield Plot(figure, {'kappa': f'{kappa:g}', 'first': first, 'second': second, 'models': [
            {**described(model), 'angle': f'{spaces["angle"][0, 1]:.3g}°'}
            for model, spaces in zip(models, found, strict=True)]}, kappa)


def draw_shared(axes: Axes, model: Model, spaces: dict[str, np.ndarray]) -> None:
    """Show what spaces share as a table of numbers on shades."""
    names = [f'{load(name.decode()).label} ({count})' for name, count in zip(
        spaces['observable'], spaces['dimension'], strict=True)]
    axes.imshow(spaces['shared'], vmin=0, vmax=1.4, cmap='Blues')
    for (row, column), value in np.ndenumerate(spaces['shared']):
        axes.text(column, row, f'{value:.2f}', ha='center', va='center', fontsize=6)
    axes.set_xticks(range(len(names)), names, fontsize=6, rotation=40, ha='right')
    axes.set_yticks(range(len(names)), names, fontsize=6)
    axes.minorticks_off()
    axes.tick_params(length=0)
    axes.set_title(model.label, fontsize=7)
