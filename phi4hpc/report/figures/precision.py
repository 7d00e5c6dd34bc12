"""What is left of a gain where latents are read with noise: whether it was held in fine digits."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.ticker import NullFormatter

from phi4hpc.report.gainaxes import percent_axis
from phi4hpc.report.gains import beyond, limit_of
from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import by_size, described
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import CLEAR, difference, over_optimum
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import HALF, Plot, legend, line, panels, points, reference

PLACE = 'blockspin', 17
TITLE = 'Gain at a finite precision of the latents'
CAPTION = """
Gain of models at κ = {{ f.kappa }} where noise is added to each latent, against its standard
deviation <i>w</i> over the root mean square of the latent: 1 − loss / loss of the best linear code
of the same latent size under the same noise, which is known exactly from <i>G</i>(<i>p</i>). A
latent is a real number, so without noise its digits may hold several modes, and with them a
non-linear map can gain even where there is no interaction. What is gained so fades once <i>w</i>
covers these digits; what stays is gained from what latents hold to that precision. With the noise
<i>d</i> latents hold at most <i>d</i>/2 ln(1 + 1/<i>w</i>²), so no code of
{{- ' fields that are Gaussian apart from ' ~ M() ~ ',' if f.peaks else ' Gaussian fields' }} of the
same <i>G</i>(<i>p</i>), however it uses digits, gains more than the dashed line (Shannon,
Kolmogorov): a gain beyond it is of the interaction for certain, and one below it may be.
{%- if f.peaks %} {{ M() }} has its two peaks near κ<sub>c</sub>, which one number tells: what they
are worth is in the line.{% endif %}
{%- if f.beyond %} More than three errors beyond it are
{%- for m in f.beyond %} {{ m.title | safe }} at <i>w</i> = {{ m.widths | join(', ') }}
{{- ';' if not loop.last else '.' }}
{%- endfor %}
{%- else %} No model is more than three errors beyond it.
{%- endif %} Where the cost has no noise in it, no model has seen any in its training. Noise takes
from linear ones as well, for the best code gives each mode a power of its own: compare models with
Fourier modes, too, but what is ahead of these and not above 0 may owe that to the powers of its
latents alone. What it takes depends on how latents are mixed, and all models have the same
noise, drawn several times for each configuration; errors hold that of the noise.
The axis of gains is linear within ±{{ f.linear }} and logarithmic beyond; points below
{{ f.lowest }} are off the scale.
{{ both_errors(f.seeds) }} At <i>w</i> = {{ f.width }}, gains that are more than three errors above
0 are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.gain }}{{ ';' if not loop.last else '.' }}
{%- else %} none.
{%- endfor %}
{%- if f.over %} Gains less those of Fourier modes, of about as many latents, with the same noise
and on the same draws, have errors of the difference. They are
{%- for m in f.over %} {{ m.title | safe }}: {{ m.gain }}{{ ';' if not loop.last else '.' }}
{%- endfor %}{% endif %}
"""

LIMIT = 'limit without interaction'
LOWEST = -0.3                 # a gain that is shown
LINEAR = 0.01                 # gain up to which the axis is linear
TICKS = 0.01, 0.03, 0.1, 0.3, 1.0
QUOTED = 3                    # the number of the width that the caption quotes


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, with a panel for each latent size."""
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            found = {model.name: group for model in everyone
                     if (group := over_seeds(latent, model, 'precision'))}
            models = [model for model in everyone if model.name in found]
            over = [{**described(model), 'gain': gain.percent}
                    for model, optimum in over_optimum(models)
                    if (gain := difference(latent, model, optimum, 'precision/gain', at=QUOTED))]
        if found:
            yield of_kappa(kappa, models, found, over)


def of_kappa(kappa: float, models: list[Model], found: dict[str, Arrays],
             over: list[dict[str, Any]]) -> Plot:
    """Return the figure of a kappa, from the arrays of each model by its name, and what the caption
    tells of gains over Fourier modes."""
    groups, top = by_size(models), 0.0
    figure, axes = panels(1, len(groups), HALF * min(2, 1 + len(groups) / 2), 3.8, sharey=True)
    for ax, (title, like) in zip(axes[0], groups, strict=True):
        for model in like:
            width, gain, error = (found[model.name][key] for key in ('width', 'gain', 'gain_error'))
            shift = 0.02 * (model.number - len(like) / 2)
            points(ax, width, gain, error, model.number, width * shift, label=model.label)
            top = max(top, gain.max())
        limit = limits(like, found)
        line(ax, width, limit, color='0.45', lw=0.7, ls='--', zorder=0, label=LIMIT)
        top = max(top, limit.max())
        reference(ax, y=0)
        ax.set(xscale='log', xlabel='$w$', title=title)
        ax.set_xticks(width, [f'${x:g}$' for x in width])
        ax.xaxis.set_minor_formatter(NullFormatter())
    percent_axis(axes[0, 0], LINEAR, TICKS)
    axes[0, 0].set(ylabel='gain', ylim=(1.2 * LOWEST, 1.6 * max(top, LINEAR)))
    legend(figure, axes)
    quoted = [(model, found[model.name]['gain'][QUOTED], found[model.name]['gain_error'][QUOTED])
              for model in models]
    return Plot(figure, {
        'kappa': f'{kappa:g}', 'lowest': f'{100 * LOWEST:g}%', 'linear': f'{100 * LINEAR:g}%',
        'width': f'{width[QUOTED]:g}',
        'seeds': any(model.trainings for model in models), 'over': over,
        'peaks': any(limit_of(group) for group in found.values()),
        'beyond': [{**described(model), 'widths': [f'{width[w]:g}' for w in numbers]}
                   for model in models if (numbers := beyond(found[model.name]))],
        'models': [{**described(model), 'gain': f'{value_error(100 * gain, 100 * error)}%'}
                   for model, gain, error in quoted if gain > CLEAR * error]}, kappa)


def limits(like: list[Model], found: dict[str, Arrays]) -> np.ndarray:
    """Return the limit of a panel, which is that of its largest latent size."""
    arrays = found[max(like, key=lambda model: model.latent).name]
    return arrays[f'limit{limit_of(arrays)}']
