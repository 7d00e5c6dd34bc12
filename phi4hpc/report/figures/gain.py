"""What models gain over the linear optimum, against the latent size."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from phi4hpc.report.canvas import Canvas
from phi4hpc.report.gainaxes import LOOKS, close, draw_control, draw_model, facts, finish, kinds
from phi4hpc.report.gains import Gaussian, Place, gain, in_digits, of_run, on_gaussian, places
from phi4hpc.report.paired import difference
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, abreast, colour, line, panels, points

PLACE = 'blockspin', 15
TITLE = 'Gain over the linear optimum'
CAPTION = """
{{ gain_axis(f, 'on test draws') }} {{ gain_markers(f) }}
{%- if f.gaussian %} Plus signs, where the axis reaches them: the same models, with the weights that
they have, on Gaussian fields of the same propagator. What they know of the interaction is of no use
there. So what is gained there, too, is not of the interaction: digits of latents hold several
modes.{% endif %} {{ gain_numbers(f) }}
{%- if f.ahead %} On the draws that they share, and with the error of the difference, trained models
are ahead of the next one in gain
{%- for m in f.ahead %}{{ ':' if loop.first }} {{ m.title | safe }} of {{ m.next | safe }} by
{{ m.gain }}{{ ', no more than chance' if m.chance }}{{ ';' if not loop.last else '.' }}
{%- endfor %}{% endif %} {{ gain_of_controls(f) }}
{%- if f.digits %} <strong>Half of its gain or more stays on Gaussian fields, and is not of the
interaction, of
{%- for title in f.digits %} {{ title | safe }}{{ ' and' if not loop.last else '.' }}{% endfor %}
</strong>{% endif %}
"""

APART = 0.8                   # of the way from one latent size to the next that models take


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure of the places where the study trains models."""
    found = places(study)
    gaussian = on_gaussian(study, found)
    if own := merged(study, found):
        models = [model for place in own for model in place.models]
        yield Plot(against_size(own, kinds(study, found), gaussian),
                   {**facts(own, gaussian), 'gaussian': bool(gaussian),
                    'digits': in_digits(models, gaussian), 'ahead': ahead(study)})


def merged(study: Study, found: list[Place]) -> list[Place]:
    """Return the places of the study itself, each with the models of other runs there."""
    own = [place for place in found if place.study is study]
    for place in found:
        for mine in own:
            if place.study is not study and couplings(place) == couplings(mine):
                mine.models.extend(place.models)
                mine.controls.update(place.controls)
    return own


def couplings(place: Place) -> tuple[float, int, float]:
    """Return what two places agree in that may share a panel."""
    return place.lam, place.L, place.kappa


def against_size(own: list[Place], kinds: list[str], gaussian: Gaussian) -> Canvas:
    """Return the figure with a panel for each place, and models by latent size in it."""
    rows = -(-len(own) // 3)
    columns = -(-len(own) // rows)
    figure, axes = panels(rows, columns, FULL, 0.7 + 2.6 * rows, sharey=True)
    for ax in axes.flat[len(own):]:
        ax.set_visible(False)
    for ax, place in zip(axes.flat, own, strict=False):
        for number, sizes in enumerate(place.sizes):
            draw_sizes(ax, place, sizes, number, kinds, gaussian)
        finish(ax)
        labels = [f'$d={"$ and $".join(map(str, sizes))}$' for sizes in place.sizes]
        ax.set_xticks(range(len(labels)), labels)
        ax.set(xlim=(-0.6, len(labels) - 0.4), title=rf'$\kappa={place.kappa:g}$')
        ax.tick_params(axis='x', which='both', length=0)
    close(figure, axes, own)
    return figure


def draw_sizes(axes: Axes, place: Place, sizes: list[int], number: int, kinds: list[str],
               gaussian: Gaussian) -> None:
    """Draw models of about one latent size beside each other, and lines of linear block spins."""
    like = [model for model in place.models if model.latent in sizes]
    for i, model in enumerate(like):
        x = number + abreast(i, len(like), APART)
        draw_model(axes, model, x, kinds)
        if control := place.controls.get(model.of_seeds):
            draw_control(axes, control, x + 0.3 * APART / len(like))
        if there := gaussian.get(id(model)):
            points(axes, [x - 0.3 * APART / len(like)], [there.gain], [there.error], fmt='+', ms=7,
                   color=colour(kinds.index(model.kind)), label='on Gaussian fields')
    for name, value in place.linear(sizes).items():
        line(axes, [number - 0.5 * APART, number + 0.5 * APART], [value] * 2, color='0.45', lw=0.8,
             ls=LOOKS[name], zorder=0, label=f'{name}, exact')


def ahead(study: Study) -> list[dict[str, Any]]:
    """Return what the caption tells of neighbours in gain among trained models of the study that
    are compared: by how much the one gains more than the next.

    Models of other runs are left out, since they are judged by other draws.
    """
    found = []
    for place in of_run(study):
        with study.latent() as latent:
            for sizes in place.sizes:
                models = sorted((model for model in place.models
                                 if model.latent in sizes and model.record['trained']),
                                key=lambda model: -gain(model)[0])
                found += [{'title': one.title, 'next': other.title, 'gain': more.percent,
                           'chance': not more.clear} for one, other in pairwise(models)
                          if (more := difference(latent, one, other, 'momentum/gain'))]
    return found
