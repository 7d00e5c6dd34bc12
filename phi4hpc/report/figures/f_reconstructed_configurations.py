"""Configurations before and after an autoencoder, and what is lost between."""

from collections.abc import Iterator

import h5py
import numpy as np

from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Canvas, Plot, colourbar, mosaic, panels, scale

PLACE = 'blockspin', 20
TITLE = 'Reconstructed configurations'
CAPTION = """
Test draws at the training κ = {{ f.kappa }} (first row), their reconstructions <i>A</i>(φ) by each
model, and what each lost, φ − <i>A</i>(φ), all on one colour scale. A good block spin keeps the
domains and loses what changes from site to site: look for walls of domains in the lost part, which
would be long-range physics dropped.
"""

SHOWN = 5                     # draws


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        with study.latent() as latent:
            examples = [examples_of(latent[model.name]) for model in models]
        yield Plot(before_and_after(models, examples), {'kappa': f'{kappa:g}'}, kappa)


def examples_of(group: h5py.Group) -> list[np.ndarray]:
    """Return [original, reconstructed], a few draws (n, y, x) each, of a group of latent.h5."""
    return [group[f'examples/{name}'][:SHOWN].astype(float)
            for name in ('original', 'reconstructed')]


def before_and_after(models: list[Model], examples: list[list[np.ndarray]]) -> Canvas:
    """Return a figure with a row of originals, then two rows for each model."""
    original_nyx = examples[0][0]
    rows, labels = [original_nyx], ['original']
    for model, (before_nyx, after_nyx) in zip(models, examples, strict=True):
        rows += [after_nyx, before_nyx - after_nyx]
        labels += [model.short, 'lost']
    figure, axes = panels(width=FULL * 0.85, height=0.1 + 1.08 * len(rows))
    picture = mosaic(axes[0, 0], np.stack(rows), scale([original_nyx]))
    axes[0, 0].set_yticklabels(labels)
    axes[0, 0].set_xticklabels([])
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure
