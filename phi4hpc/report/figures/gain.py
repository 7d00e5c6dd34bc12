"""What models gain over the linear optimum: against the latent size, and against couplings."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullFormatter

from phi4hpc.report.canvas import Canvas
from phi4hpc.report.gains import (
    LINEAR,
    Gaussian,
    Place,
    gain,
    in_digits,
    of_run,
    on_gaussian,
    places,
)
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import CLEAR, difference
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import (
    FULL,
    Plot,
    bars,
    colour,
    legend,
    line,
    panels,
    points,
    reference,
)

PLACE = 'blockspin', 15
TITLE = """Gain over the linear optimum {{- ' against couplings' if f.couplings }}"""
CAPTION = """
Gain = 1 − loss / loss of the linear optimum of the same latent size <i>d</i>, on test draws
{{- ', against ' ~ f.couplings ~ ', in a panel for each latent size' if f.couplings }}; above the
line at 0 a model keeps more than any linear map can. The axis is linear within ±{{ f.linear }} and
logarithmic beyond{{ '; where that of λ is logarithmic, 0 stands at its lower end' if f.couplings
}}. Full markers: training had converged, or there was none; open markers: it had
not, and the gain is that of a budget of training. Bars with caps: jackknife errors over draws
{%- if f.seeds %}; broad pale bars: the error of the mean over seeds, of which the markers are
means{% endif %}.
{%- if f.linear_ones %} Lines: linear block spins of the same number of latents with their best
decoders, exact from the <i>G</i>(<i>p</i>) of all draws: the square zone (full), Kadanoff's blocks
(dashed) and decimation (dotted).{% endif %}
{%- if f.controls %} Crosses: controls, the same models trained and tested on Gaussian fields of the
same propagator. What they gain is over-fitting, or digits of latents that hold several modes. A
control that gains nothing shows that neither was learned there, and not that digits hold nothing
here: a training may find by way of the interaction what one without it does not. The figure of
gains at a finite precision tells.{% endif %}
{%- if f.gaussian %} Plus signs, where the axis reaches them: the same models, with the weights that
they have, on Gaussian fields of the same propagator. What they know of the interaction is of no use
there. So what is gained there, too, is not of the interaction: digits of latents hold several
modes.{% endif %} The gains
{{- ', with the errors over draws and over seeds,' if f.seeds }} are
{%- for m in f.models %} {{ m.title | safe }} at {{ m.at }}: {{ m.gain }}
{{- ' (' ~ m.beside ~ ')' if m.beside }}
{{- ' (not converged)' if not m.converged }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
{%- if f.ahead %} On the draws that they share, and with the error of the difference, trained models
are ahead of the next one in gain
{%- for m in f.ahead %}{{ ':' if loop.first }} {{ m.title | safe }} of {{ m.next | safe }} by
{{ m.gain }}{{ ', no more than chance' if m.chance }}{{ ';' if not loop.last else '.' }}
{%- endfor %}{% endif %}
{%- if f.beyond %} <strong>Some controls gain more than three errors:
{%- for m in f.beyond %} {{ m.title | safe }} at {{ m.at }}: {{ m.gain }}
{{- ';' if not loop.last else '.' }}{% endfor %}</strong>
{%- elif f.controls %} None of the {{ f.controls }} controls gains more than three errors.
{%- endif %}
{%- if f.digits %} <strong>Half of its gain or more stays on Gaussian fields, and is not of the
interaction, of
{%- for title in f.digits %} {{ title | safe }}{{ ' and' if not loop.last else '.' }}{% endfor %}
</strong>{% endif %}
"""

THRESHOLD = 0.002             # gain up to which the axis is linear
TICKS = 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
APART = 0.8                   # of the way from one latent size to the next that models take
NONE: Gaussian = {}
LOOKS = dict(zip(LINEAR, ('-', '--', ':'), strict=True))
CLOSE = 0.02                  # of an axis of couplings, between models at one value
WIDE = 5.0                    # largest over smallest value, from which on an axis is logarithmic


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure against latent size, of the places where the study trains models, and the
    one against couplings where models were trained at several.
    """
    found = places(study)
    gaussian = on_gaussian(study, found)
    # Those without a gain are counted, so that a kind has the colour that other figures give it.
    here = study.records(False) if study.deck.train else []
    models = [*here, *(model for place in found for model in place.models)]
    kinds = list(dict.fromkeys(model.kind for model in models))
    own = merged(study, found)
    if own:
        yield Plot(against_size(own, kinds, gaussian),
                   facts(own, gaussian=gaussian) | {'ahead': ahead(study)})
    if axes := varied(found):
        words = ' and '.join(dict.fromkeys(symbol for symbol, _ in axes))
        yield Plot(against_couplings(axes, kinds), facts(found, words) | {'ahead': []},
                   name='gain_couplings')


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
        x = number + APART * ((i + 0.5) / len(like) - 0.5)
        draw_model(axes, model, x, kinds)
        if control := place.controls.get(model.of_seeds):
            draw_control(axes, control, x + 0.3 * APART / len(like))
        if there := gaussian.get(id(model)):
            points(axes, [x - 0.3 * APART / len(like)], [there.gain], [there.error], fmt='+', ms=7,
                   color=colour(kinds.index(model.kind)), label='on Gaussian fields')
    for name, value in place.linear(sizes).items():
        line(axes, [number - 0.5 * APART, number + 0.5 * APART], [value] * 2, color='0.45', lw=0.8,
             ls=LOOKS[name], zorder=0, label=f'{name}, exact')


def draw_model(axes: Axes, model: Model, x: float, kinds: list[str], apart: float = 0.0) -> None:
    """Draw the gain of a model; `apart` as in style.points."""
    value, error, seeds = gain(model)
    number = kinds.index(model.kind)
    bars(axes, [x], [value - seeds], [value + seeds], number, apart=apart)
    points(axes, [x], [value], [error], number, apart, label=model.kind,
           markerfacecolor=colour(number) if model.converged else 'white')


def draw_control(axes: Axes, control: Model, x: float, apart: float = 0.0) -> None:
    """Draw the gain of a control, with both errors together; `apart` as in style.points."""
    value, error, seeds = gain(control)
    points(axes, [x], [value], [np.hypot(error, seeds)], apart=apart, fmt='x', color='0.35',
           label='control')


def varied(found: list[Place]) -> list[tuple[str, list[Place]]]:
    """Return the axes that models were trained along, each as its symbol and the places on it.

    Lambda comes first, then kappa, once for each lambda at which several kappas were.
    """
    lams = sorted({place.lam for place in found})
    axes = [('λ', found)] if len(lams) > 1 else []
    for lam in lams:
        here = [place for place in found if place.lam == lam]
        axes += [('κ', here)] if len({place.kappa for place in here}) > 1 else []
    return axes


def against_couplings(axes: list[tuple[str, list[Place]]], kinds: list[str]) -> Canvas:
    """Return the figure with a row for each axis, and a column for each latent size."""
    everyone = [place for _, found in axes for place in found]
    columns = sorted({compression(place, sizes) for place in everyone for sizes in place.sizes})
    figure, panels_rc = panels(len(axes), len(columns), FULL, 0.8 + 2.6 * len(axes), sharey=True,
                               sharex='row')
    for row, (symbol, found) in zip(panels_rc, axes, strict=True):
        for ax, factor in zip(row, columns, strict=True):
            draw_axis(ax, symbol, found, factor, kinds)
            finish(ax)
    for ax, factor in zip(panels_rc[0], columns, strict=True):
        ax.set_title(f'{factor} sites a latent')
    close(figure, panels_rc, everyone)
    return figure


def compression(place: Place, sizes: list[int]) -> int:
    """Return how many sites a latent stands for, rounded."""
    return round(place.L**2 / sizes[-1])


def draw_axis(axes: Axes, symbol: str, found: list[Place], factor: int, kinds: list[str]) -> None:
    """Draw models of one latent size against a coupling, and lines of linear block spins."""
    of_size = [(coupling(symbol, place), place, sizes) for place in found for sizes in place.sizes
               if compression(place, sizes) == factor]
    x_values = sorted({coupling(symbol, place) for place in found})
    least = next(x for x in x_values if x > 0)
    logarithmic = x_values[-1] > WIDE * least
    at = {x: x if x > 0 or not logarithmic else least / 10 for x in x_values}
    first, last = at[x_values[0]], at[x_values[-1]]
    here = [kind for kind in kinds
            if any(model.kind == kind for place in found for model in place.models)]
    for x, place, sizes in of_size:
        for model in place.models:
            if model.latent in sizes:
                shift = CLOSE * (here.index(model.kind) - (len(here) - 1) / 2)
                there = at[x] * (last / first) ** shift if logarithmic \
                    else x + shift * (last - first)
                draw_model(axes, model, x, kinds, there - x)
                if control := place.controls.get(model.of_seeds):
                    draw_control(axes, control, x, there - x)
    linear = sorted(((at[x], place.linear(sizes)) for x, place, sizes in of_size),
                    key=lambda found: found[0])
    for name, look in LOOKS.items():
        if known := [(x, gains[name]) for x, gains in linear if gains]:
            line(axes, *zip(*known, strict=True), color='0.45', lw=0.8, ls=look, zorder=0,
                 label=f'{name}, exact')
    if logarithmic:
        axes.set_xscale('log')
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xticks(list(at.values()), [f'{x:g}' for x in x_values])
    else:
        axes.set_xticks(x_values, [f'{x:.6g}' for x in x_values], rotation=30)
    axes.set_xlabel(r'$\lambda$' if symbol == 'λ' else rf'$\kappa$ at $\lambda={found[0].lam:g}$')


def coupling(symbol: str, place: Place) -> float:
    """Return where on an axis a place lies."""
    return place.lam if symbol == 'λ' else place.kappa


def finish(axes: Axes) -> None:
    """Draw the line at 0, and scale the axis of gains."""
    reference(axes, y=0)
    axes.set_yscale('symlog', linthresh=THRESHOLD, linscale=1.0)
    axes.yaxis.set_major_locator(FixedLocator([-x for x in TICKS] + [0, *TICKS]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(lambda x, _: f'${100 * x:g}$%')


def close(figure: Canvas, axes: np.ndarray, found: list[Place]) -> None:
    """Add the legend, and show all gains of models and of linear block spins."""
    for ax in axes[:, 0]:
        ax.set_ylabel('gain')
    legend(figure, axes)
    # On this axis matplotlib leaves no margin: a symbol at an end would be cut.
    ends = [value + sign * max(errors) for place in found for model in place.models
            for value, *errors in [gain(model)] for sign in (-1, 1)]
    ends += [value for place in found for sizes in place.sizes
             for value in place.linear(sizes).values()]
    axes[0, 0].set_ylim(1.6 * min(*ends, -THRESHOLD), 1.6 * max(*ends, THRESHOLD))


def facts(found: list[Place], words: str = '', gaussian: Gaussian = NONE) -> dict[str, Any]:
    """Return what the caption tells."""
    models = [(model, place) for place in found for model in place.models]
    controls = [(place.controls[model.of_seeds], place) for model, place in models
                if model.of_seeds in place.controls]
    beyond = [(model, place) for model, place in controls
              if (of := gain(model))[0] > CLEAR * np.hypot(*of[1:])]
    return {'linear': f'{100 * THRESHOLD:g}%', 'couplings': words,
            'seeds': any(gain(model)[2] > 0 for model, _ in (*models, *controls)),
            'linear_ones': any(place.linear(sizes) for place in found for sizes in place.sizes),
            'models': [described(model, place) | {'beside': beside(model, place, gaussian)}
                       for model, place in models],
            'gaussian': bool(gaussian),
            'digits': in_digits([model for model, _ in models], gaussian),
            'controls': len(controls), 'beyond': [described(*one) for one in beyond]}


def ahead(study: Study) -> list[dict[str, Any]]:
    """Return what the caption tells of neighbours in gain among trained models of the study that
    are compared: by how much the one gains more than the next.

    Models of other runs are left out, since they are judged by other draws.
    """
    found = []
    for place in of_run(study) if study.deck.train else ():
        with study.latent() as latent:
            for sizes in place.sizes:
                models = sorted((model for model in place.models
                                 if model.latent in sizes and model.record['trained']),
                                key=lambda model: -gain(model)[0])
                found += [{'title': one.title, 'next': other.title, 'gain': more.percent,
                           'chance': not more.clear} for one, other in pairwise(models)
                          if (more := difference(latent, one, other, 'momentum/gain'))]
    return found


def described(model: Model, place: Place) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {'title': model.title, 'gain': percent(model), 'converged': model.converged,
            'at': f'κ = {place.kappa:g}, λ = {place.lam:g}'}


def beside(model: Model, place: Place, gaussian: Gaussian) -> str:
    """Return in words what stands beside the gain of a model: that of its control, and its own on
    Gaussian fields; '' where it has neither."""
    said = []
    if control := place.controls.get(model.of_seeds):
        said.append(f'control {percent(control)}')
    if there := gaussian.get(id(model)):
        # Rare fields may blow a cubic map up: then the number is that of those fields.
        said.append('on Gaussian fields ' + (
            'below −100%' if there.gain < -1
            else f'{value_error(100 * there.gain, 100 * there.error)}%'))
    return '; '.join(said)


def percent(model: Model) -> str:
    """Return the gain of a model in words, with its errors over draws and over seeds."""
    if model.rounded:
        return '0%'
    value, error, seeds = gain(model)
    said = value_error(100 * value, 100 * error)
    return f'{said} ± {100 * seeds:.1g}%' if seeds > 0 else f'{said}%'
