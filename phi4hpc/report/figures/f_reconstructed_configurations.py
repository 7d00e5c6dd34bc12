"""Configurations before and after an autoencoder, and what is lost between."""

from collections.abc import Iterator
from dataclasses import dataclass

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

EXAMPLES = 5                  # draws that are shown where models have rows of their own
TALL = 4                      # models, more than which have one row each, of fewer draws
BESIDE = 2                    # draws that are shown there
IMAGE = 0.9                   # inches that a lattice image takes there


@dataclass(frozen=True)
class Example:
    """Draws before and after a model, (n, y, x), and what it adds to the linear optimum of its
    latent size, where there is one."""

    model: Model
    before_nyx: np.ndarray
    after_nyx: np.ndarray
    more_nyx: np.ndarray | None

    @property
    def lost_nyx(self) -> np.ndarray:
        """What the model did not keep."""
        return self.before_nyx - self.after_nyx


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, of the first seed of every model."""
    for kappa, everyone in study.models.items():
        models = [model for model in everyone if model.seed == 1]
        if not models:
            continue
        shown, wide = examples(study, models), len(models) > TALL
        facts = {'kappa': f'{kappa:g}', 'wide': wide,
                 'beside': any(each.more_nyx is not None for each in shown)}
        yield Plot((side_by_side if wide else before_and_after)(shown), facts, kappa)


def examples(study: Study, models: list[Model]) -> list[Example]:
    """Return what latent.h5 has of each model."""
    with study.latent() as latent:
        pairs = [[latent[f'{model.name}/examples/{name}'][:EXAMPLES].astype(float)
                  for name in ('original', 'reconstructed')] for model in models]
    linear = {model.latent: (model, after_nyx) for model, (_, after_nyx)
              in zip(models, pairs, strict=True) if model.family == 'fourier'}
    found = []
    for model, (before_nyx, after_nyx) in zip(models, pairs, strict=True):
        optimum, optimal_nyx = linear.get(model.latent, (model, after_nyx))
        more_nyx = None if optimum is model else after_nyx - optimal_nyx
        found.append(Example(model, before_nyx, after_nyx, more_nyx))
    return found


def before_and_after(shown: list[Example]) -> Canvas:
    """Return a figure with a row of originals, then two or three rows for each model."""
    original_nyx = shown[0].before_nyx
    rows, labels = [original_nyx], ['original']
    for each in shown:
        rows += [each.after_nyx, each.lost_nyx]
        labels += [each.model.short, 'lost']
        if each.more_nyx is not None:
            times = enlarging(scale([original_nyx]), scale([each.more_nyx]))
            rows.append(times * each.more_nyx)
            labels.append(beyond(times))
    figure, axes = panels(width=FULL * 0.85, height=0.1 + 1.08 * len(rows))
    picture = mosaic(axes[0, 0], np.stack(rows), scale([original_nyx]))
    axes[0, 0].set_yticklabels(labels, fontsize=8)
    axes[0, 0].set_xticklabels([])
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure


def side_by_side(shown: list[Example], draws: int = BESIDE) -> Canvas:
    """Return a figure with a row for each model, in which all that is shown of a draw is together.
    """
    original_nyx = shown[0].before_nyx[:draws]
    limit, nothing = scale([original_nyx]), np.full_like(original_nyx, np.nan)
    more = [each.more_nyx[:draws] for each in shown if each.more_nyx is not None]
    times = enlarging(limit, scale(more)) if more else 1.0
    columns = [[original_nyx, nothing, nothing]]
    for each in shown:
        columns.append([each.after_nyx[:draws], each.lost_nyx[:draws],
                        nothing if each.more_nyx is None else times * each.more_nyx[:draws]])
    names = ['$A(\\phi)$', 'lost', beyond(times)][:3 if more else 2]
    rows = np.array([np.array(row[:len(names)]).swapaxes(0, 1).reshape(
        -1, *original_nyx.shape[1:]) for row in columns])
    figure, axes = panels(width=FULL - IMAGE * (BESIDE - draws) * len(names),
                          height=0.5 + IMAGE * len(rows))
    picture = mosaic(axes[0, 0], rows, limit)
    axes[0, 0].set_yticklabels(['original', *(each.model.short for each in shown)], fontsize=8)
    axes[0, 0].set_xticklabels(names * draws, fontsize=8)
    colourbar(figure, picture, axes[0, 0], r'$\phi(x)$')
    return figure


def beyond(times: float) -> str:
    """Return the label of what a model adds to the linear optimum, enlarged."""
    return f'$A-A_{{\\rm Fourier}}$\n$\\times{times:g}$'


def enlarging(limit: float, size: float) -> float:
    """Return the number of one digit by which images of `size` nearly fill a colour scale."""
    return float(f'{limit / size:.0e}') if size > 0 else 1.0
