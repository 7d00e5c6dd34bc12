"""The Jacobian of the decoder, in latents of unit covariance."""

from collections.abc import Iterator

import h5py
import numpy as np
from matplotlib.axes import Axes

from phi4hpc.latent.waves import spread_out
from phi4hpc.report import spectra
from phi4hpc.report.models import described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import Plot, line

PLACE = 'latent', 30
TITLE = 'Jacobian of the decoder'
CAPTION = """
Singular values of the decoder's Jacobian at κ = {{ f.kappa }}, in units in which latents have unit
covariance, so that it does not matter how they are labelled: a value is the standard deviation that
the block-spun field has along its direction. <b>A</b>: against {{ phat() }}. {{ averaged() }} The
line is <i>G</i>(<i>p</i>)<sup>1/2</sup> of the ensemble, the exact value of every wave that the
linear optimum keeps. <b>B</b>: of one sample, by size; the line is again the linear optimum, the
roots of the largest <i>G</i>(<i>p</i>). A model that lies on it uses its latents as well as Fourier
modes do. <b>C</b>: the leading directions as the decoder shows them, <em>without</em> the average:
they are those of this one training, a mixture of waves of nearly equal values that another training
would mix differently. The largest value of one sample, and the variance of the ensemble along the
first direction, are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.first }} and {{ m.variance }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{{ spotted(f.models) }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        figure, (left, right), below = spectra.two_over_one(len(models))
        with study.latent() as latent:
            groups = [latent[model.name]['decoder'] for model in models]
            draw_exact(left, right, groups[0], models)
            for model, group in zip(models, groups, strict=True):
                spectra.draw_orbits(left, model, group, 'value')
                spectra.draw_sample(right, model, group)
            spectra.draw_directions(below, models, groups)
            found = [{**described(model), 'first': spectra.first(group, 'sample'),
                      'variance': f'{group["direction_variance"][0]:.4g}',
                      'spots': spectra.spots(group)}
                     for model, group in zip(models, groups, strict=True)]
        for panel, label in ((left, r'$\sigma(p)$'), (right, r'$\sigma_i$ of one sample')):
            panel.set_ylabel(label)
            spectra.decades(panel, 3)
        spectra.legend(figure, left)
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found}, kappa)


def draw_exact(left: Axes, right: Axes, group: h5py.Group, models: list[Model]) -> None:
    """Draw G(p)^(1/2) against p^, and by size as often as it has momenta."""
    p_hat, deviation = group['p_hat'][...], np.sqrt(group['variance'][...])
    order = np.argsort(p_hat, kind='stable')
    line(left, p_hat[order], deviation[order], color='0.45', lw=0.7)
    of_waves = spread_out(deviation, group['momenta'][...])[:max(m.latent for m in models)]
    line(right, 1 + np.arange(len(of_waves)), of_waves, color='0.45', lw=0.7)
