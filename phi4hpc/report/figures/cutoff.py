"""Where the cut-off of each model lies and how sharp it is: what comes back of every momentum."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import by_size, described
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, bars, legend, line, panels, points, reference

PLACE = 'kept', 30
TITLE = 'The cut-off of the block spin'
CAPTION = """
What comes back of a momentum at κ = {{ f.kappa }}, over all test draws, with <i>A</i>̃ the Fourier
transform of the reconstruction. {{ f.panels[0] | safe }}: squared coherence of φ̃ and <i>A</i>̃,
the part of the power of <i>A</i>̃ that follows φ̃. {{ f.panels[1] | safe }}: regression
⟨Re(φ̃*<i>A</i>̃)⟩ / ⟨|φ̃|²⟩, what of a wave comes back in phase. {{ f.panels[2] | safe }}:
<i>G</i> of the reconstruction over <i>G</i>. Points are means over the momenta that the eight
symmetries of the square carry into each other; a broad pale bar is the standard deviation over
these momenta, chance included. {{ both_errors(f.seeds) }}
{%- if f.blocks %} Lines: Kadanoff's form factor |<i>w</i>(<i>p</i>)|² of blocks of
{{ f.blocks }} sites a side, along an axis (full) and along the diagonal (dashed): the part of a
wave that a mean over a block keeps.{% endif %}
 By model, the cut-off {{ phat() }} where the quantity passes 1/2, and its width from 3/4 to 1/4,
read off the falling curve that is nearest to the points, with momenta {{ f.step }} apart along an
axis:
{%- for m in f.models %} {{ m.title | safe }}: coherence² {{ m.coherence }}, regression
{{ m.regression }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
"""

SHOWN = (('coherence', r'coherence$^2$'), ('regression', 'regression'),
         ('power_ratio', r'$G_A/G$'))

ROUNDING = 1e-5               # an error of a momentum below this is that of arithmetic


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, everyone in study.models.items():
        groups, facts = by_size(everyone), []
        figure, axes = panels(len(groups), 3, FULL, 1.0 + 2.4 * len(groups), sharex=True,
                              sharey=True)
        with study.latent() as latent:
            for row, (title, models) in zip(axes, groups, strict=True):
                for model in models:
                    found = over_seeds(latent, model, 'momentum')
                    draw_model(row, model, found)
                    facts.append({**described(model), **cut_off(found)})
                finish(row, title, blocks_of(models))
        for ax in axes[-1]:
            ax.set_xlabel(MOMENTUM)
        legend(figure, axes)
        words = ' and '.join(map(str, blocks_of(everyone)))
        yield Plot(figure, {'kappa': f'{kappa:g}', 'blocks': words, 'models': facts,
                            'panels': [figure.letters(column) for column in axes.T],
                            'seeds': any(model.trainings for model in everyone),
                            'step': f'{2 * np.sin(np.pi / everyone[0].L):.2f}'}, kappa)


def blocks_of(models: list[Model]) -> list[int]:
    """Return the sides of blocks that have a site for each latent of some models."""
    return sorted({block for model in models if (block := block_of(model)) > 1})


def block_of(model: Model) -> int:
    """Return the side of blocks that have a site for each latent, 0 where these do not fill L."""
    block = round(model.L / model.latent**0.5)
    return block if block and model.L % block == 0 else 0


def draw_model(axes: np.ndarray, model: Model, found: Arrays) -> None:
    """Draw what comes back of every orbit of momenta, in the three panels."""
    p_hat = found['p_hat']
    for ax, (name, _) in zip(axes, SHOWN, strict=True):
        value, error, spread = (found[f'{name}{part}'] for part in ('', '_error', '_spread'))
        if name == 'coherence':
            value, error, spread = value**2, 2 * value * error, 2 * abs(value) * spread
        bars(ax, p_hat, value - spread, value + spread, model.number, width=4)
        points(ax, p_hat, value, abs(error), model.number, markersize=2.5, capsize=1,
               label=model.label)


def finish(axes: np.ndarray, title: str, blocks: list[int]) -> None:
    """Draw Kadanoff's form factors, and label a row of panels."""
    for ax, (_, words) in zip(axes, SHOWN, strict=True):
        for block in blocks:
            draw_form_factor(ax, block)
        for y in (0, 0.5, 1):
            reference(ax, y=y)
        ax.set(ylabel=words, ylim=(-0.06, 1.16))
    axes[1].set_title(title)


def draw_form_factor(axes: Axes, block: int) -> None:
    """Draw |w(p)|^2 = prod_mu (sin(b p_mu / 2) / (b sin(p_mu / 2)))^2, axis and diagonal."""
    p = np.linspace(1e-6, np.pi, 200)
    w2 = (np.sin(block * p / 2) / (block * np.sin(p / 2))) ** 2
    line(axes, 2 * np.sin(p / 2), w2, color='0.4', lw=0.8, label=rf'$|w(p)|^2$, $b={block}$')
    line(axes, 2 * 2**0.5 * np.sin(p / 2), w2**2, color='0.4', lw=0.8, ls='--')


def cut_off(found: Arrays) -> dict[str, str]:
    """Return in words where the cut-off lies and how wide it is."""
    return {name: said(found[f'cutoff_{name}'], found[f'cutoff_{name}_error'])
            for name in ('coherence', 'regression')}


def said(value_l: np.ndarray, error_l: np.ndarray) -> str:
    """Return in words the momenta at which 3/4, 1/2 and 1/4 are passed."""
    upper, middle, lower = value_l
    if np.isnan(middle):
        return 'has none'
    at = value_error(middle, error_l[1]) if error_l[1] > ROUNDING else f'{middle:.4f}'
    return f'at {at}' if np.isnan(lower - upper) else f'at {at}, width {lower - upper:.2f}'
