"""What models gain over the linear optimum, against the latent size, at every training kappa."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator

from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, bars, colour, panels, points, reference

PLACE = 'blockspin', 15
TITLE = 'Gain over the linear optimum'
CAPTION = """
Gain = 1 − loss / loss of the linear optimum of the same latent size <i>d</i>, on test draws, at
λ = {{ f.lam }}; above the line at 0 a model keeps more than any linear map can. The axis is linear
within ±{{ f.linear }} and logarithmic beyond. Full markers: training had converged, or there was
none; open markers: it had not, and the gain is that of a budget of training. Bars with caps:
jackknife errors over draws
{%- if f.seeds %}; broad pale bars: the error of the mean over seeds, of which the markers are
means{% endif %}. The gains
{{- ', with the errors over draws and over seeds,' if f.seeds }} are
{%- for m in f.models %} {{ m.title | safe }} at κ = {{ m.kappa }}: {{ m.gain }}
{{- ' (not converged)' if not m.converged }}{{ ';' if not loop.last else '.' }}
{%- endfor %}
{%- if f.controls %} Crosses: controls, which learned from Gaussian fields of the same propagator
and are tested on such fields. They have nothing to gain, and what they gain is over-fitting, or
digits of latents that hold several modes.
{%- if f.beyond %} <strong>Some gain more than three errors:
{%- for m in f.beyond %} {{ m.title | safe }} at κ = {{ m.kappa }}: {{ m.gain }}
{{- ';' if not loop.last else '.' }}{% endfor %}</strong>
{%- else %} None of the {{ f.controls }} controls gains more than three errors.
{%- endif %}{% endif %}
"""

LINEAR = 0.002                # gain up to which the axis is linear
CLEAR = 3.0                   # errors by which a gain is taken for more than chance
TICKS = 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0
APART = 0.8                   # of the way from one latent size to the next that models take


class Pooled(NamedTuple):
    """The gain of a model, the mean over seeds, with the errors over draws and over seeds."""

    model: Model
    value: float
    draws: float
    seeds: float
    converged: bool

    @property
    def error(self) -> float:
        """Both errors together."""
        return float(np.hypot(self.draws, self.seeds))


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure, with a panel for every training kappa."""
    of_kappa = {kappa: [one for one in pooled(models) if not one.model.optimal]
                for kappa, models in study.models.items()}
    of_kappa = {kappa: found for kappa, found in of_kappa.items() if found}
    if not of_kappa:
        return
    controls = pooled(study.controls)
    labels = list(dict.fromkeys(label(one.model) for found in of_kappa.values() for one in found))
    rows = -(-len(of_kappa) // 3)
    columns = -(-len(of_kappa) // rows)
    figure, axes = panels(rows, columns, FULL, 0.7 + 2.6 * rows, sharey=True)
    for ax in axes.flat[len(of_kappa):]:
        ax.set_visible(False)
    for ax, (kappa, found) in zip(axes.flat, of_kappa.items(), strict=False):
        own = {one.model.of_seeds: one for one in controls}
        draw_kappa(ax, found, own, labels)
        ax.set_title(rf'$\kappa={kappa:g}$')
    for ax in axes[:, 0]:
        ax.set_ylabel('gain')
    handles = {name: handle for ax in axes.flat for handle, name in
               zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc='outside lower center', ncols=4)
    everyone = [one for found in of_kappa.values() for one in found]
    # On this axis matplotlib leaves no margin: a symbol at an end would be cut.
    ends = [one.value + sign * max(one.draws, one.seeds) for one in everyone for sign in (-1, 1)]
    axes[0, 0].set_ylim(1.6 * min(*ends, -LINEAR), 1.6 * max(*ends, LINEAR))
    yield Plot(figure, facts(study, everyone, controls))


def pooled(models: list[Model]) -> list[Pooled]:
    """Return the gains of models that lose something, those of all seeds of a model together."""
    groups: dict[str, list[Model]] = {}
    for model in models:
        if not model.lossless:
            groups.setdefault(model.of_seeds, []).append(model)
    return [pool(group) for group in groups.values()]


def pool(models: list[Model]) -> Pooled:
    """Return the gain of a model from its trainings by several seeds.

    All were tested on the same draws, so the error over draws is not less for their number.
    """
    gains = [1 - model.record['ratio'] for model in models]
    seeds = np.std(gains, ddof=1) / len(gains) ** 0.5 if len(gains) > 1 else 0.0
    return Pooled(models[0], float(np.mean(gains)),
                  float(np.mean([model.record['ratio_error'] for model in models])), float(seeds),
                  all(model.converged for model in models))


def label(model: Model) -> str:
    """Return how legends name a model of any latent size."""
    return ', '.join(filter(None, [model.family, settings(model)]))


def settings(model: Model) -> str:
    """Return the settings that differ from the default, without the seed."""
    return model.of_seeds.partition(f'_d{model.latent}')[2].strip('_').replace('_', ', ')


def draw_kappa(axes: Axes, found: list[Pooled], controls: dict[str, Pooled],
               labels: list[str]) -> None:
    """Draw the gains at a kappa, models of one latent size beside each other, and controls."""
    sizes = sorted({one.model.latent for one in found})
    for one in found:
        number = labels.index(label(one.model))
        like = [other for other in found if other.model.latent == one.model.latent]
        x = sizes.index(one.model.latent) + APART * ((like.index(one) + 0.5) / len(like) - 0.5)
        bars(axes, [x], [one.value - one.seeds], [one.value + one.seeds], number)
        face = colour(number) if one.converged else 'white'
        points(axes, [x], [one.value], [one.draws], number, markerfacecolor=face,
               label=label(one.model))
        if control := controls.get(one.model.of_seeds):
            points(axes, [x + 0.3 * APART / len(like)], [control.value], [control.error], number,
                   fmt='x', color='0.35', label='control')
    reference(axes, y=0)
    axes.set_yscale('symlog', linthresh=LINEAR, linscale=1.0)
    axes.yaxis.set_major_locator(FixedLocator([-x for x in TICKS] + [0, *TICKS]))
    axes.yaxis.set_minor_locator(FixedLocator([]))
    axes.yaxis.set_major_formatter(lambda x, _: f'${100 * x:g}$%')
    axes.set_xticks(range(len(sizes)), [f'$d={size}$' for size in sizes])
    axes.set_xlim(-0.6, len(sizes) - 0.4)
    axes.tick_params(axis='x', which='both', length=0)


def facts(study: Study, found: list[Pooled], controls: list[Pooled]) -> dict[str, Any]:
    """Return what the caption tells."""
    beyond = [one for one in controls if one.value > CLEAR * one.error]
    return {'lam': f'{study.deck.action.lam:g}', 'linear': f'{100 * LINEAR:g}%',
            'seeds': any(one.seeds > 0 for one in (*found, *controls)),
            'models': [described(one) for one in found],
            'controls': len(controls), 'beyond': [described(one) for one in beyond]}


def described(one: Pooled) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    said = value_error(100 * one.value, 100 * one.draws)
    if one.seeds > 0:
        said += f' ± {100 * one.seeds:.1g}'
    return {'title': one.model.title, 'kappa': f'{one.model.kappa:g}', 'gain': f'{said}%',
            'converged': one.converged}
