"""The response of lost modes to the cube of the kept field, against perturbation theory."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import by_size, described
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import difference
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import HALF, ORIGINAL, Missing, Plot, legend, panels, points, reference

PLACE = 'kept', 40
TITLE = 'Lost modes and perturbation theory'
CAPTION = """
What the kept field says of lost modes at κ = {{ f.kappa }}, λ = {{ f.lam }}: with φ<sub>&lt;</sub>
the modes below the cut and <i>F</i> = (φ<sub>&lt;</sub>³)̃(<i>p</i>),
<i>c</i>(<i>p</i>) = ⟨Re(<i>F</i>* <i>A</i>̃)⟩ / ⟨|<i>F</i>|²⟩ above the cut, over
−4λ<i>G</i>(<i>p</i>), its value to first order in λ (1, dashed). Original: φ̃ in place of
<i>A</i>̃, what the ensemble itself says{% if f.beyond %}, which is far from 1 here: at this λ first
order does not hold, and 1 is a unit and no more{% endif %}. A decoder of linear latents that has
learned the interaction comes to the original; a linear one stays at 0. Where the encoder moves
latents with lost modes, both sides gain by each other and the response may be larger.
{{ both_errors(f.seeds) }}
Orbits of momenta at which the error of the original is above {{ f.largest }} are left out. Means
over all orbits, with the weights that the errors of the original give them, are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.mean }}
{{- ', ' ~ m.apart ~ ' from the original' if m.apart }}{{ ';' if not loop.last else '.' }}
{%- endfor %} Differences are of the same draws and have their own errors.
 The cut is that of whole shells of momenta, nearest to <i>d</i>.
"""

FAR = 0.2                     # from 1, beyond which the first order is said not to hold
LARGEST = 0.5                 # error of the original's ratio where ratios are shown


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield a figure for every training kappa: a panel for each latent size of trained models."""
    for kappa, everyone in study.models.items():
        if not any(map(learns, everyone)):
            continue
        if study.deck.action.lam <= 0:
            yield Missing('Lost modes are not compared with perturbation theory in λ, for λ = 0.')
            return
        yield of_kappa(study, kappa, everyone)


def learns(model: Model) -> bool:
    """Return whether a model may learn of lost modes: it is trained, and some are lost."""
    return bool(model.record['trained']) and not model.lossless


def of_kappa(study: Study, kappa: float, everyone: list[Model]) -> Plot:
    """Return the figure of a kappa, in which models have the colours of figures of all models."""
    groups = [(title, own) for title, like in by_size(everyone)
              if (own := [model for model in like if learns(model)])]
    models, facts, originals = [model for _, own in groups for model in own], [], []
    figure, axes = panels(1, len(groups), HALF * min(2, 1 + 0.6 * (len(groups) - 1)) + 0.6, 3.8,
                          sharey=True)
    with study.latent() as latent:
        for ax, (title, own) in zip(axes[0], groups, strict=True):
            first = over_seeds(latent, own[0], 'momentum')
            originals.append(float(first['cubic_original_ratio_mean']))
            facts.append({'title': f'original, <i>d</i> = {own[0].latent}',
                          'mean': draw_ratio(ax, first, 'cubic_original', label='original',
                                             **ORIGINAL), 'apart': ''})
            for model in own:
                found = over_seeds(latent, model, 'momentum')
                mean = draw_ratio(ax, found, 'cubic', model.number, label=model.label)
                apart = difference(latent, model, model, 'momentum/cubic_ratio_mean',
                                   'momentum/cubic_original_ratio_mean')
                facts.append({**described(model), 'mean': mean,
                              'apart': apart.written() if apart else ''})
            for y in (0, 1):
                reference(ax, y=y)
            ax.set(xlabel=MOMENTUM, title=title)
    legend(figure, axes)
    axes[0, 0].set(ylabel=r'$c(p) / (-4\lambda G(p))$', ylim=(-0.6, 2.2))
    return Plot(figure, {'kappa': f'{kappa:g}', 'lam': f'{study.deck.action.lam:g}',
                         'models': facts, 'largest': f'{LARGEST:g}',
                         'beyond': any(abs(mean - 1) > FAR for mean in originals),
                         'seeds': any(model.trainings for model in models)}, kappa)


def draw_ratio(axes: Axes, found: Arrays, name: str, number: int = 0, **look: Any) -> str:
    """Draw a ratio over orbits of momenta; return its weighted mean in words."""
    p_hat, value, error, of_original = (found[key] for key in (
        'p_hat', f'{name}_ratio', f'{name}_ratio_error', 'cubic_original_ratio_error'))
    own = np.isfinite(value) & (of_original < LARGEST)
    points(axes, p_hat[own], value[own], error[own], number, **{**look, 'markersize': 3.5})
    mean, of_mean = (float(found[f'{name}_ratio_mean{part}']) for part in ('', '_error'))
    return value_error(mean, of_mean) if np.isfinite(of_mean) else 'not resolved'
