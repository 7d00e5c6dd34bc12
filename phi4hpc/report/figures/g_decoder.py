"""The Jacobian of the decoder, in latents of unit covariance."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.latent.waves import spread_out
from phi4hpc.report import spectra
from phi4hpc.report.information import Arrays
from phi4hpc.report.models import by_size, described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import Plot, line

PLACE = 'latent', 30
TITLE = 'Jacobian of the decoder'
CAPTION = """
Singular values of the decoder's Jacobian at κ = {{ f.kappa }}, in units in which latents have unit
covariance, so that it does not matter how they are labelled: a value is the standard deviation that
the block-spun field has along its direction. {{ f.panels[0] | safe }}: against {{ phat() }}.
{{ averaged() }} {{- medians(f.models) }} The line is <i>G</i>(<i>p</i>)<sup>1/2</sup> of the
ensemble, the exact value of every wave that the linear optimum keeps. {{ f.panels[1] | safe }}: of
one sample, by size, the median over samples, and pale the quartiles; the line is again the linear
optimum, the roots of the largest <i>G</i>(<i>p</i>). A model that lies on it uses its latents as
well as Fourier modes do. {{ f.panels[2] | safe }}: the leading directions as the decoder shows
them, <em>without</em> the average: they are those of one training, a mixture of waves of nearly
equal values that another training would mix differently
{{- '; shown are the linear optimum and what was trained' if f.few }}. The largest value of one
sample, and the variance of the ensemble along the first direction, are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.first }} and {{ m.variance }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{{ both_errors(f.seeds) }} {{- decided_by_few(f.models) }} {{ not_clear(f.models, 'half of them') }}
{{ spotted(f.models) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        groups, shown = by_size(models), spectra.pictured(models)
        figure, axes, below = spectra.rows_over_pictures(len(groups), len(shown))
        with study.latent() as latent:
            found = spectra.numbers(latent, models, 'decoder')
            for row, (title, like) in zip(axes, groups, strict=True):
                draw_models(row, title, like, found)
            pictures = [latent[model.name]['decoder'] for model in shown]
            spots = spectra.draw_directions(below, shown, pictures)
        spectra.legend(figure, axes)
        facts = [{**described(model), **said(found[model.name]), 'spots': spots.get(model.name)}
                 for model in models]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': facts,
                            'few': len(shown) < len(models),
                            'panels': spectra.letters(figure, axes, below),
                            'seeds': any(model.trainings for model in models)}, kappa)


def draw_models(axes: np.ndarray, title: str, models: list[Model],
                found: dict[str, Arrays]) -> None:
    """Draw both spectra of models whose latent sizes are compared."""
    left, right = axes
    draw_exact(left, right, found[models[0].name], models)
    for model in models:
        spectra.draw_waves(left, model, found[model.name])
        spectra.draw_sample(right, model, found[model.name])
    for panel, label in ((left, r'$\sigma(p)$'), (right, r'$\sigma_i$ of one sample')):
        panel.set(ylabel=label, title=title)
        spectra.decades(panel, 3)


def said(group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {'first': spectra.first(group, 'sample'),
            'variance': f'{group["direction_variance"][0]:.4g}',
            'steep': spectra.steep(group),
            'unclear': spectra.unclear(group, spectra.typical(group)),
            'all': len(group['p_hat'])}


def draw_exact(left: Axes, right: Axes, group: Arrays, models: list[Model]) -> None:
    """Draw G(p)^(1/2) against p^, and by size as often as it has momenta."""
    p_hat, deviation = group['p_hat'], np.sqrt(group['variance'])
    order = np.argsort(p_hat, kind='stable')
    line(left, p_hat[order], deviation[order], color='0.45', lw=0.7)
    of_waves = spread_out(deviation, group['momenta'])[:max(m.latent for m in models)]
    line(right, 1 + np.arange(len(of_waves)), of_waves, color='0.45', lw=0.7)
