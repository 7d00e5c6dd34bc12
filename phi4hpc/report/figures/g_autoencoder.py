"""The Jacobian of the autoencoder: which waves pass, and which of them unchanged."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.report import spectra
from phi4hpc.report.information import Arrays
from phi4hpc.report.models import by_size, described
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, panels, reference

PLACE = 'latent', 20
TITLE = 'Jacobian of the autoencoder'
CAPTION = """
What the Jacobian <i>J</i> = ∂<i>A</i>/∂φ makes of plane waves <i>e<sub>p</sub></i>, at
κ = {{ f.kappa }}. {{ averaged() }} {{ f.panels[0] | safe }}: the value
σ(<i>p</i>) = ⟨|<i>J e<sub>p</sub></i>|²⟩<sup>1/2</sup>, how much of a wave comes out
{{- ', on an axis that is logarithmic above 2' if f.wide }}.
{{- medians(f.models) }} {{ f.panels[1] | safe }}: the overlap <i>T</i>(<i>p</i>) =
⟨<i>e<sub>p</sub></i><sup>†</sup><i>J e<sub>p</sub></i>⟩, how much of it comes out as itself, which
is σ(<i>p</i>) at most. A wave passes unchanged only where both are 1. Where σ is the larger, a part
of the wave comes out as other waves, or differently from sample to sample: so do waves that a block
cannot tell from their aliases. At the smallest momentum above zero σ and <i>T</i> are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.value }} and {{ m.overlap }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{{ both_errors(f.seeds) }}
{{- decided_by_few(f.models) }}
{{ not_clear(f.models, 'half of them and above 0.1') }}
"""


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa, with a row for latent sizes that are compared."""
    for kappa, models in study.models.items():
        groups = by_size(models)
        figure, axes = panels(len(groups), 2, FULL, 0.6 + 2.7 * len(groups), sharex=True)
        with study.latent() as latent:
            found = spectra.numbers(latent, models, 'autoencoder')
        for row, (title, like) in zip(axes, groups, strict=True):
            for model in like:
                spectra.draw_waves(row[0], model, found[model.name], spectra.CLEAR)
                spectra.draw_orbits(row[1], model, found[model.name], 'overlap', spectra.CLEAR)
            finish(row, title)
        spectra.legend(figure, axes)
        facts = [said(model, found[model.name]) for model in models]
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': facts,
                            'panels': [figure.letters(column) for column in axes.T],
                            'seeds': any(model.trainings for model in models),
                            'wide': any(row[0].get_yscale() == 'symlog' for row in axes)}, kappa)


def finish(axes: np.ndarray, title: str) -> None:
    """Label a row of panels, and draw 0 and 1."""
    for panel, label in zip(axes, (r'$\sigma(p)$', '$T(p)$'), strict=True):
        panel.set(ylabel=label, title=title)
        for y in (0, 1):
            reference(panel, y=y)
    spectra.own_scale(axes[0], 1.0)


def said(model: Model, group: Arrays) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    found = {key: spectra.at_smallest(group, key) for key in ('value', 'overlap')}
    if steep := spectra.steep(group):
        found['value'] += f' (median {spectra.at_smallest(group, "sample_value")})'
    unclear = spectra.unclear(group, spectra.typical(group), spectra.CLEAR)
    return {**described(model), **found, 'steep': steep, 'unclear': unclear,
            'all': len(group['p_hat'])}
