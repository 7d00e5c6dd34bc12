"""What models keep of the information on couplings, against latent size and against loss."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import h5py
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter

from phi4hpc.report.information import COLUMNS, NETWORK, Kept, kept
from phi4hpc.report.models import alike, described
from phi4hpc.report.paired import CLEAR, difference, over_optimum
from phi4hpc.report.study import Model, Study
from phi4hpc.report.style import FULL, Plot, legend, line, panels, points

PLACE = 'kept', 5
TITLE = 'Information on the couplings'
CAPTION = """
The part of the Fisher information on κ and on λ that the latents <em>lose</em>, at
κ = {{ f.kappa }} and λ = {{ f.lam }}:
{%- if f.several %} against the latent size (<b>A</b>, <b>B</b>; models of one size lie beside each
other), and
{%- endif %} against the part of ⟨φ²⟩ that the reconstruction loses
({% if f.several %}<b>C</b>, <b>D</b>; {% endif %}smaller is better in both, and below the line
information is lost more slowly than variance). The information is the variance of the sufficient
statistic, Σφ<sub>x</sub>φ<sub>x+μ</sub> for κ and Σ(φ⁴ − 2φ²) for λ, and
what is kept of it is at least <i>R</i>² of a prediction from the decoded field, fitted to other
draws than those on which it is judged; so the points are upper bounds of what is lost.
Jackknife errors. What was not trained is judged by all draws, what was trained by the test draws;
differences between models are of the test draws alone, which all share, with their own errors.
{%- if f.over %} What trained models keep, less what the linear optimum of about as many latents
keeps, is on κ, on λ and of ⟨φ²⟩
{%- for m in f.over %} {{ m.title | safe }}: {{ m.kappa }}, {{ m.lambda }} and {{ m.variance }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{%- endif %}
{%- if f.network %} A network that looks at each site and its neighbours adds to the quadratic and
quartic form at most {{ f.network.added }} on {{ f.network.on }}, for
{{ f.network.title | safe }}.
{%- else %} A network that looks at each site and its neighbours found nothing beyond the quadratic
and quartic form.
{%- endif %}
{% if f.cheapest %} {{ f.cheapest.title | safe }} keeps {{ f.cheapest.kappa }} of what the ensemble
says about κ at {{ f.cheapest.variance }} of its variance
{{- ', the least variance at which 99% are kept' if f.cheapest.enough
    else '; no model keeps 99%' }}.{% endif %}
{%- for pair in f.against %} <strong>{{ pair.more.title | safe }} reconstructs better than
{{ pair.less.title | safe }}, by {{ pair.variance }} of the variance, and its decoded field says
{{ pair.kappa }} less on κ: a small loss is not what κ is read from.</strong>{% endfor %}
 Of a field that couples to Σφ, which is to say of {{ M() }},
{%- if f.all_of_field %} all models keep more than 99.9%.
{%- else %} models keep{% for m in f.models %} {{ m.title | safe }}: {{ m.field }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{%- endif %}
"""

SHOWN = (('kappa', r'lost on $\kappa$'), ('lambda', r'lost on $\lambda$'))
ENOUGH = 0.99                 # of the information on kappa, that the caption asks for
ROOM = 1.6                    # beside the smallest and the largest latent size, as a factor
DIFFERENCES = 'kappa', 'lambda', 'variance'
APART = 0.035                 # of the latent size, between models that have the same


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, everyone in study.models.items():
        found = kept(study, [model for model in everyone if not model.lossless])
        if not found:
            continue
        several = len(alike(one.model.latent for one in found)) > 1
        figure, axes = panels(1 + several, 2, FULL, 6.2 if several else 3.4, sharey='col')
        for column, (name, label) in zip(axes.T, SHOWN, strict=True):
            draw_lost(column, found, name)
            column[-1].set(ylabel=label, xlabel=r'lost of $\langle\phi^2\rangle$')
            if several:
                column[0].set(ylabel=label, xlabel='latent size $d$')
        legend(figure, axes[-1, 0])
        with study.latent() as latent:
            words = facts(found) | compared(latent, [one.model for one in found])
        yield Plot(figure, {'kappa': f'{kappa:g}', 'lam': f'{study.deck.action.lam:g}',
                            'several': several, **words}, kappa)


def draw_lost(axes: np.ndarray, found: list[Kept], name: str) -> None:
    """Draw what is lost on a coupling against latent size, and against what is lost of phi^2."""
    labels = list(dict.fromkeys(one.model.kind for one in found))
    for one in found:
        like = [other for other in found if other.model.latent == one.model.latent]
        shift = APART * (like.index(one) - (len(like) - 1) / 2)
        y, error, number = one.lost(name), one.error[name], labels.index(one.model.kind)
        points(axes[-1], [one.lost('variance')], [y], [error], number, label=one.model.kind)
        if len(axes) > 1:
            points(axes[0], [one.model.latent], [y], [error], number, one.model.latent * shift)
    draw_diagonal(axes[-1], [one.lost('variance') for one in found])
    for ax in axes:
        ax.set(xscale='log', yscale='log')
        percent(ax.yaxis, (1, 2, 5))
    percent(axes[-1].xaxis, (1, 2, 3, 4, 5, 7))
    if len(axes) > 1:
        draw_sizes(axes[0], found)


def draw_sizes(axes: Axes, found: list[Kept]) -> None:
    """Label the axis of latent sizes by those there are, as far as there is room."""
    sizes = sorted({one.model.latent for one in found})
    wide = 1.05 * (sizes[-1] / sizes[0]) ** 0.1
    shown = [d for d, above in zip(sizes, [*sizes[1:], np.inf], strict=True) if above > wide * d]
    axes.xaxis.set_minor_locator(FixedLocator(sizes))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(shown, [f'${d}$' for d in shown])
    axes.set_xlim(sizes[0] / ROOM, sizes[-1] * ROOM)


def percent(axis: Axis, digits: tuple[int, ...]) -> None:
    """Label an axis in percent, at these digits of each decade."""
    axis.set_major_locator(LogLocator(subs=digits))
    axis.set_major_formatter(lambda x, _: f'${100 * x:g}$%')
    axis.set_minor_formatter(NullFormatter())


def draw_diagonal(axes: Axes, lost: list[float]) -> None:
    """Draw where as much information is lost as variance."""
    ends = np.array([0.9 * min(lost), 1.1 * max(lost)])
    line(axes, ends, ends, color='0.45', lw=0.7, ls='--', zorder=0)


def facts(found: list[Kept]) -> dict[str, Any]:
    """Return what the caption tells."""
    enough = [one for one in found if one.value['kappa'] > ENOUGH]
    cheapest = (min(enough, key=lambda one: one.value['variance']) if enough
                else max(found, key=lambda one: one.value['kappa']))
    return {'models': [said(one) for one in found],
            'cheapest': said(cheapest) | {'enough': bool(enough)},
            'network': found_by_network(found),
            'all_of_field': all(one.value['field'] > 0.999 for one in found)}


def found_by_network(found: list[Kept]) -> dict[str, Any]:
    """Return the model to which the network has added most beyond chance, {} where there is none.
    """
    most = max(((one.value[name], one, name) for one in found for name in NETWORK
                if one.value[name] > CLEAR * one.error[name]), key=lambda each: each[0],
               default=None)
    if not most:
        return {}
    _, one, name = most
    return {**described(one.model), 'added': one.added(name).removeprefix('+'),
            'on': {'kappa_network': 'κ', 'lambda_network': 'λ'}[name]}


def compared(latent: h5py.File, models: list[Model]) -> dict[str, Any]:
    """Return what the caption tells of differences between models on the draws that they share."""
    over = []
    for model, optimum in over_optimum(models):
        found = {name: more.percent for name in DIFFERENCES if (
            more := difference(latent, model, optimum, f'information_test/{name}'))}
        if len(found) == len(DIFFERENCES):
            over.append({**described(model), **found})
    return {'over': over, 'against': against(latent, models)}


def against(latent: h5py.File, models: list[Model]) -> list[dict[str, Any]]:
    """Return the pair that is farthest from agreeing which model keeps more, if there is any.

    One of the two keeps more of the variance, with no more latents than the other has, and less of
    the information on kappa, both beyond chance.
    """
    found = []
    for one, other in permutations(models, 2):
        if one.latent <= other.latent:
            variance = difference(latent, one, other, 'information_test/variance')
            kappa = difference(latent, other, one, 'information_test/kappa')
            if variance and kappa and variance.clear and kappa.clear:
                found.append((kappa, variance, one, other))
    return [{'more': described(one), 'less': described(other), 'variance': variance.percent,
             'kappa': kappa.percent}
            for kappa, variance, one, other in sorted(found, key=lambda each: -each[0].value)[:1]]


def said(one: Kept) -> dict[str, Any]:
    """Return what the caption tells of a model."""
    return {**described(one.model), **{name: one.said(name) for name in COLUMNS}}
