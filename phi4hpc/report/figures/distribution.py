"""The distribution of the field at a site, of configurations and of their reconstructions."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import by_size
from phi4hpc.report.study import Study
from phi4hpc.report.style import HALF, ORIGINAL, Plot, legend, panels, points

PLACE = 'kept', 50
TITLE = 'Distribution of the field at a site'
CAPTION = """
Density of φ at a site, of test draws at κ = {{ f.kappa }} and of their reconstructions
<i>A</i>(φ) by each model, averaged over φ and −φ. What is lost leaves a narrower distribution; two
maxima that come out of one, or are pulled apart, say that the block spin sees the phase that a
region is in and not the field of its sites. {{ both_errors(f.seeds) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            found = {model.name: over_seeds(latent, model, 'distribution') for model in everyone}
        groups = by_size([model for model in everyone if found[model.name]])
        if not groups:
            continue
        figure, axes = panels(1, len(groups), HALF * min(2, 1 + len(groups) / 2), 3.6, sharey=True)
        for ax, (title, models) in zip(axes[0], groups, strict=True):
            draw_density(ax, found[models[0].name], 'before', label='original',
                         **{**ORIGINAL, 'markersize': 3.5})
            for model in models:
                draw_density(ax, found[model.name], 'after', model.number, markersize=2.5,
                             label=model.label)
            ax.set(xlabel=r'$\phi(x)$', title=title)
        axes[0, 0].set(ylabel='density')
        legend(figure, axes)
        yield Plot(figure, {'kappa': f'{kappa:g}',
                            'seeds': any(model.trainings for model in everyone)}, kappa)


def draw_density(axes: Axes, found: Arrays, side: str, number: int = 0,
                 **look: Any) -> None:
    """Draw a density in the bins in which there is something."""
    phi, value, error = (found[key] for key in ('phi', side, f'{side}_error'))
    own = np.flatnonzero(value > 0)
    points(axes, phi[own], value[own], error[own], number, capsize=1, **look)
