"""Configurations before and after an autoencoder, and what is lost between."""

from collections.abc import Iterator

import h5py
import numpy as np

from phi4hpc.report.canvas import Canvas
from phi4hpc.report.mosaic import colourbar, mosaic, scale
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, panels

PLACE = 'blockspin', 20
TITLE = 'Reconstructed configurations'
CAPTION = """
Test draws at the training κ = {{ f.kappa }} (first row), their reconstructions <i>A</i>(φ) by each
model, and what each lost, φ − <i>A</i>(φ), all on one colour scale
{{- ', side by side for each draw' if f.wide }}.
{%- if f.beside %} Where the linear optimum of the same <i>d</i> is among the models, a
{{ 'column' if f.wide else 'row' }} shows what a model makes of the same draws beyond it,
<i>A</i>(φ) − <i>A</i><sub>Fourier</sub>(φ), times the number that is given there.{% endif %} A good
block spin keeps the domains and loses what changes from site to site: look for walls of domains in
the lost part, which would be long-range physics dropped.
"""

SHOWN = 5                     # draws
TALL = 5                      # models, more than which have a row each, of fewer draws
BESIDE = 2                    # draws that are shown where models have a row each


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, of the first seed of every model."""
    for kappa, everyone in study.models.items():
        models = [model for model in everyone if model.seed == 1]
        if not models:
            continue
        with study.latent() as latent:
            examples = [examples_of(latent[model.name]) for model in models]
        beside = [beyond_linear(number, models, examples) for number in range(len(models))]
        facts = {'kappa': f'{kappa:g}', 'beside': any(each is not None for each in beside)}
        drawn = before_and_after if len(models) <= TALL else side_by_side
        yield Plot(drawn(models, examples, beside), {**facts, 'wide': len(models) > TALL}, kappa)


def examples_of(group: h5py.Group) -> list[np.ndarray]:
    """Return [original, reconstructed], a few draws (n, y, x) each, of a group of latent.h5."""
    return [group[f'examples/{name}'][:SHOWN].astype(float)
            for name in ('original', 'reconstructed')]


def beyond_linear(number: int, models: list[Model],
                  examples: list[list[np.ndarray]]) -> np.ndarray | None:
    """Return A(phi) - A_Fourier(phi) (n, y, x) of a model, None where there is no such optimum."""
    model = models[number]
    for other, (_, after_nyx) in zip(models, examples, strict=True):
        if (other.family, other.latent) == ('fourier', model.latent) and other is not model:
            return examples[number][1] - after_nyx
    return None


def before_and_after(models: list[Model], examples: list[list[np.ndarray]],
                     beside: list[np.ndarray | None]) -> Canvas:
    """Return a figure with a row of originals, then two or three rows for each model."""
    original_nyx = examples[0][0]
    rows, labels = [original_nyx], ['original']
    for model, (before_nyx, after_nyx), more_nyx in zip(models, examples, beside, strict=True):
        rows += [after_nyx, before_nyx - after_nyx]
        labels += [model.short, 'lost']
        if more_nyx is not None:
            times = enlarging(scale([original_nyx]), scale([more_nyx]))
            rows.append(times * more_nyx)
            labels.append(f'$A-A_{{\\rm Fourier}}$\n$\\times{times:g}$')
    figure, axes = panels(width=FULL * 0.85, height=0.1 + 1.08 * len(rows))
    picture = mosaic(axes[0, 0], np.stack(rows), scale([original_nyx]))
    axes[0, 0].set_yticklabels(labels, fontsize=8)
    axes[0, 0].set_xticklabels([])
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure


def side_by_side(models: list[Model], examples: list[list[np.ndarray]],
                 beside: list[np.ndarray | None]) -> Canvas:
    """Return a figure with a row for each model, in which all that is shown of a draw is together.
    """
    original_nyx = examples[0][0][:BESIDE]
    limit, nothing = scale([original_nyx]), np.full_like(original_nyx, np.nan)
    shown = [more_nyx for more_nyx in beside if more_nyx is not None]
    times = enlarging(limit, scale(shown)) if shown else 1.0
    columns = [[original_nyx, nothing, nothing]]
    for (before_nyx, after_nyx), more_nyx in zip(examples, beside, strict=True):
        more = nothing if more_nyx is None else times * more_nyx[:BESIDE]
        columns.append([after_nyx[:BESIDE], (before_nyx - after_nyx)[:BESIDE], more])
    kinds = 3 if shown else 2
    rows = np.array([np.array(row[:kinds]).swapaxes(0, 1).reshape(-1, *original_nyx.shape[1:])
                     for row in columns])
    figure, axes = panels(width=FULL, height=0.5 + 0.9 * len(rows))
    picture = mosaic(axes[0, 0], rows, limit)
    axes[0, 0].set_yticklabels(['original', *(model.short for model in models)], fontsize=8)
    names = ['$A(\\phi)$', 'lost', f'$A-A_{{\\rm Fourier}}$\n$\\times{times:g}$'][:kinds]
    axes[0, 0].set_xticklabels(names * (rows.shape[1] // kinds), fontsize=8)
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure


def enlarging(limit: float, size: float) -> float:
    """Return the number of one digit by which images of `size` nearly fill a colour scale."""
    return float(f'{limit / size:.0e}') if size > 0 else 1.0
