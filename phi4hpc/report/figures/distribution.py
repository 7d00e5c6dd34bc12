"""The distribution of the field at a site, of configurations and of their reconstructions."""

from collections.abc import Iterator

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.study import Study
from phi4hpc.report.style import HALF, ORIGINAL, Plot, panels, points

PLACE = 'kept', 50
TITLE = 'Distribution of the field at a site'
CAPTION = """
Density of φ at a site, of test draws at κ = {{ f.kappa }} and of their reconstructions
<i>A</i>(φ) by each model, averaged over φ and −φ, with jackknife errors. What is lost leaves a
narrower distribution; two maxima that come out of one, or are pulled apart, say that the block spin
sees the phase that a region is in and not the field of its sites.
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, of the first seed of every model."""
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            found = [(model, latent[model.name]['distribution']) for model in everyone
                     if model.seed == 1 and 'distribution' in latent[model.name]]
            if not found:
                continue
            figure, axes = panels(width=1.7 * HALF, height=3.2)
            draw_density(axes[0, 0], found[0][1], 'before', label='original',
                         **{**ORIGINAL, 'markersize': 3.5})
            for model, group in found:
                draw_density(axes[0, 0], group, 'after', model.number, markersize=2.5,
                             label=model.label)
        axes[0, 0].set(xlabel=r'$\phi(x)$', ylabel='density')
        figure.legend(loc='outside right center')
        yield Plot(figure, {'kappa': f'{kappa:g}'}, kappa)


def draw_density(axes: Axes, group: h5py.Group, side: str, number: int = 0,
                 **look: object) -> None:
    """Draw a density in the bins in which there is something."""
    phi, value, error = (group[key][...] for key in ('phi', side, f'{side}_error'))
    own = np.flatnonzero(value > 0)
    points(axes, phi[own], value[own], error[own], number, capsize=1, **look)
