"""The spectrum of the decoder's Fisher metric, and which momenta its directions are."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, shown
from phi4hpc.report.models import described
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, bars, legend, panels, points, reference

PLACE = 'latent', 60
TITLE = 'The decoder’s Fisher metric as a scale'
CAPTION = """
<b>A</b>: what each direction of latent space says of the field at κ = {{ f.kappa }}, the spectrum
of <i>C</i><sup>1/2</sup>⟨<i>J</i><sup>T</sup><i>J</i>⟩<i>C</i><sup>1/2</sup>/σ², with <i>J</i> the
Jacobian of the decoder, <i>C</i> the covariance of the latents and σ² the loss of a site; it is
the same however latents are mixed linearly. A direction counts for ½ ln(1 + value): those below the
line at 1 carry less of the field than is lost at a site. Crosses: e<sup>2<i>H</i></sup>, with
<i>H</i> the entropy that the direction explains (arXiv:2410.19426) above that of noise at a site,
which is the same value where its component is normal and the decoder linear. <b>B</b>: the
momentum {{ phat() }} of these directions, the mean over the power of what the mean Jacobian of the
decoder makes of them; bars without caps: its standard deviation within a direction. Removed from
the least informative upward, the directions are a scale in the sense of Bayesian renormalisation
(arXiv:2204.12939). This scale is a momentum cut-off where {{ phat() }} rises with the number of the
direction, and a direction is one wave, without spread. <b>C</b> and <b>D</b>: the same with
Σ(<i>p</i>), what the reconstruction loses at each momentum and 10<sup>−6</sup> of σ², in place of
σ², so that a direction is held against what is lost of its own waves. A map that keeps waves whole,
such as the linear optimum, is ordered by their power against any floor.
{{- ' Shown are the linear optimum and what was trained.' if f.few }} By model:
{%- for m in f.models %} {{ m.title | safe }}: {{ m.nats }} nats in all, {{ m.ordered }} of pairs of
directions in the order of {{ phat() }}, {{ m.by_momentum }} with Σ(<i>p</i>), and
{{ m.entropic }} in that of <i>H</i>, mean spread
{{ m.spread }}, and the first direction explains {{ m.first }} nats, where its variance alone says
{{ m.alone }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
"""

SHOWN = 40                    # directions of a model at most, at even distances in the logarithm
SAME = 1e-3                   # of p^, up to which two directions have the same


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models, few in shown(study, 'metric'):
        figure, axes = panels(2, 2, FULL, 6.2, sharex=True)
        for number, (model, arrays) in enumerate(models):
            draw_directions(axes[0], number, model.label, arrays)
            draw_entropy(axes[0, 0], number, arrays)
            draw_directions(axes[1], number, model.label, arrays, '_by_momentum')
        for row, words in zip(axes, (r'$\sigma^2$', r'$\Sigma(p)$'), strict=True):
            reference(row[0], y=1)
            row[0].set(xscale='log', yscale='log', ylabel=f'information, {words}')
            row[1].set(xscale='log', ylabel=f'{MOMENTUM}, {words}', ylim=(0, None))
        for ax in axes[1]:
            ax.set_xlabel('direction')
        legend(figure, axes[0, 0], ncols=3)
        facts = [{**described(model), **said(arrays)} for model, arrays in models]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': facts, 'few': few}, kappa)


def some(count: int) -> np.ndarray:
    """Return the numbers of the directions that are drawn."""
    return np.unique(np.geomspace(1, count, SHOWN).round().astype(int)) - 1


def draw_directions(axes: np.ndarray, number: int, label: str, group: Arrays,
                    end: str = '') -> None:
    """Draw the spectrum of a model, and the momenta of its directions with their spread behind."""
    value, error, p_hat, spread = (group[name] for name in (
        f'information{end}', f'information{end}_error', f'p_hat{end}', f'p_hat_spread{end}'))
    own = some(len(value))
    points(axes[0], own + 1, value[own], error[own], number, markersize=2.5, capsize=1,
           label=label)
    bars(axes[1], own + 1, (p_hat - spread)[own].clip(0), (p_hat + spread)[own], number, width=3)
    points(axes[1], own + 1, p_hat[own], np.zeros(len(own)), number, markersize=2.5, capsize=0)


def draw_entropy(axes: Axes, number: int, group: Arrays) -> None:
    """Draw the entropy that directions explain, as the information that it would be."""
    own, explained = some(len(group['entropy'])), np.exp(2 * group['entropy'])
    points(axes, own + 1, explained[own], (2 * explained * group['entropy_error'])[own], number,
           fmt='x', markersize=2.5, capsize=1, alpha=0.6)


def said(group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model's directions."""
    value, p_hat, spread, entropy, error = (group[name][...] for name in (
        'information', 'p_hat', 'p_hat_spread', 'entropy', 'entropy_error'))
    return {'nats': f'{np.log1p(value.clip(0)).sum() / 2:.0f}', 'spread': f'{spread.mean():.2f}',
            'ordered': in_order(p_hat, SAME),
            'by_momentum': in_order(group['p_hat_by_momentum'], SAME),
            'entropic': in_order(-entropy, error.mean()),
            'first': value_error(entropy[0], error[0]), 'alone': f'{np.log(value[0]) / 2:.3f}'}


def in_order(rising: np.ndarray, same: float) -> str:
    """Return how many pairs of values rise in their order, in percent; or differ by too little."""
    later = np.triu(np.ones((len(rising),) * 2, bool), 1)
    if not later.any():
        return 'all'
    return f'{100 * (rising > rising[:, None] - same)[later].mean():.0f}%'
