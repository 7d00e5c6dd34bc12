"""The Jacobian of the autoencoder: which waves pass, and which of them unchanged."""

from collections.abc import Iterator

from matplotlib.axes import Axes

from phi4hpc.report import spectra
from phi4hpc.report.models import described
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, panels, reference

PLACE = 'latent', 20
TITLE = 'Jacobian of the autoencoder'
CAPTION = """
What the Jacobian <i>J</i> = ∂<i>A</i>/∂φ makes of plane waves <i>e<sub>p</sub></i>, at
κ = {{ f.kappa }}. {{ averaged() }} <b>A</b>: the value
σ(<i>p</i>) = ⟨|<i>J e<sub>p</sub></i>|²⟩<sup>1/2</sup>, how much of a wave comes out
{{- ', on an axis that is logarithmic above 2' if f.wide }}. <b>B</b>: the
overlap <i>T</i>(<i>p</i>) = ⟨<i>e<sub>p</sub></i><sup>†</sup><i>J e<sub>p</sub></i>⟩, how much of
it comes out as itself, which is σ(<i>p</i>) at most. A wave passes unchanged only where both are 1.
Where σ is the larger, a part of the wave comes out as other waves, or differently from sample to
sample: so do waves that a block cannot tell from their aliases. At the smallest momentum above zero
σ and <i>T</i> are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.value }} and {{ m.overlap }}
{{- ';' if not loop.last else '.' }}{% endfor %}
"""


LINEAR = 2.0                  # of values, up to which an axis of larger ones is linear
TICKS = 0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models in study.models.items():
        figure, axes = panels(1, 2, FULL, 3.3)
        with study.latent() as latent:
            found = []
            for model in models:
                group = latent[model.name]['autoencoder']
                for panel, key in zip(axes[0], ('value', 'overlap'), strict=True):
                    spectra.draw_orbits(panel, model, group, key)
                found.append({**described(model), **{
                    key: spectra.at_smallest(group, key) for key in ('value', 'overlap')}})
        for panel, label in zip(axes[0], (r'$\sigma(p)$', '$T(p)$'), strict=True):
            panel.set_ylabel(label)
            for y in (0, 1):
                reference(panel, y=y)
        own_scale(axes[0, 0])
        spectra.legend(figure, axes[0, 0])
        yield Plot(figure, {'kappa': f'{kappa:g}', 'models': found,
                            'wide': axes[0, 0].get_yscale() == 'symlog'}, kappa)


def own_scale(axes: Axes) -> None:
    """Make an axis logarithmic above LINEAR where values reach far beyond it."""
    low, high = axes.get_ylim()
    if high > 3 * LINEAR:
        axes.set_yscale('symlog', linthresh=LINEAR, linscale=1.0)
        axes.set_yticks([tick for tick in TICKS if tick < high])
        axes.yaxis.set_major_formatter(lambda x, _: f'{x:g}')
        axes.minorticks_off()
        axes.set_ylim(max(low, -0.1 * LINEAR), high)
