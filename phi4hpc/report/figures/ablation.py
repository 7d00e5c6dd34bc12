"""What is left of models when the directions that say least are removed one after the other."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from phi4hpc.report.information import Arrays, shown
from phi4hpc.report.models import described
from phi4hpc.report.momenta import MOMENTUM
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Study
from phi4hpc.report.style import FULL, Plot, legend, panels, points, reference

PLACE = 'latent', 70
TITLE = 'Fewer and fewer directions of latent space'
CAPTION = """
What is left at κ = {{ f.kappa }} when only the directions of largest Fisher information stay, that
with the covariance Σ(<i>p</i>) of what is lost, as a function of their number: the part of the
information on κ that is lost (<b>A</b>), the variance that is kept (<b>B</b>), ⟨|{{ M() }}|⟩ over
that of the original (<b>C</b>), and how far {{ UL() }} moves (<b>D</b>). Crosses are the control,
the same number of the <em>least</em> informative directions.
 <i>G</i> of the decoded field over <i>G</i> is shown with about half of the directions (<b>E</b>)
and with an eighth (<b>F</b>); a momentum cut-off would be a step from 1 to 0. Jackknife errors over
test draws.
{%- if f.outside %} Not in the panels:
{%- for m in f.outside %} {{ m.title | safe }} has at most {{ m.outside }} times <i>G</i>
{{- ';' if not loop.last else '.' }}{% endfor %}{% endif %}
{{- ' Shown are the linear optimum and what was trained.' if f.few }}
By model, with about an eighth of the directions:
{%- for m in f.models %} {{ m.title | safe }}: {{ m.stay }} directions keep {{ m.on_kappa }} of the
information on κ, the least informative ones {{ m.least }}, and {{ UL() }} moves by {{ m.binder }}
{{- ';' if not loop.last else '.' }}
{%- endfor %}
"""

TOP = 1.6                     # of a ratio of powers, above which points lie outside of the panel
ROUNDING = 1e-6               # of U_L
STEPS = 1, 3                  # which of the numbers of directions are shown in momentum space


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa."""
    for kappa, models, few in shown(study, 'ablation'):
        figure, axes = panels(3, 2, FULL, 8.4)
        for number, (model, arrays) in enumerate(models):
            draw_numbers(axes[:2].flat, number, model.label, arrays)
            draw_powers(axes[2], number, arrays)
        finish(axes)
        legend(figure, axes[0, 0], ncols=3)
        facts = [{**described(model), **said(arrays)} for model, arrays in models]
        yield Plot(figure, {
            'kappa': f'{kappa:g}', 'models': facts, 'few': few,
            'outside': [fact for fact in facts if fact['outside']]}, kappa)


def draw_numbers(axes: Any, number: int, label: str, group: Arrays) -> None:
    """Draw what is left against the number of directions that stay."""
    lost, variance, magnetisation, binder = axes
    draw_lost(lost, number, label, group)
    for ax, name in ((variance, 'variance'), (magnetisation, 'abs_magnetisation_ratio'),
                     (binder, 'binder_shift')):
        points(ax, group['directions'][...], group[name][...], group[f'{name}_error'][...],
               number)


def draw_lost(axes: Axes, number: int, label: str, group: Arrays) -> None:
    """Draw the information on kappa that is lost, and beside it that of the control."""
    stay = group['directions'][...]
    points(axes, stay, 1 - group['kappa'][...], group['kappa_error'][...], number,
           label=label)
    points(axes, stay[1:], 1 - group['kappa_of_least'][1:], group['kappa_of_least_error'][1:],
           number, fmt='x', alpha=0.5)


def draw_powers(axes: np.ndarray, number: int, group: Arrays) -> None:
    """Draw G of decoded fields over G with fewer directions."""
    for ax, step in zip(axes, STEPS, strict=True):
        k = min(step, len(group['directions']) - 1)
        points(ax, group['p_hat'][...], group['power_ratio'][k], group['power_ratio_error'][k],
               number, markersize=2.5, capsize=1)


def finish(axes: np.ndarray) -> None:
    """Label the axes."""
    for ax in axes[:2].flat:
        ax.set(xscale='log', xlabel='directions that stay')
    axes[0, 0].set(yscale='log', ylabel=r'lost on $\kappa$')
    axes[0, 1].set_ylabel('variance kept')
    axes[1, 0].set_ylabel(r'$\langle|M|\rangle$ decoded / original')
    axes[1, 1].set_ylabel(r'$U_L$ decoded $-$ original')
    reference(axes[1, 0], y=1)
    reference(axes[1, 1], y=0)
    for ax, part in zip(axes[2], ('half', 'an eighth'), strict=True):
        ax.set(xlabel=MOMENTUM, ylabel='$G_A/G$', title=f'{part} of the directions')
        for y in (0, 1):
            reference(ax, y=y)
        ax.set_ylim(-0.06, TOP)


def said(group: Arrays) -> dict[str, str]:
    """Return what the caption tells of a model with few directions."""
    k = min(STEPS[1], len(group['directions']) - 1)
    on_kappa, least = (f'{value_error(100 * group[name][k], 100 * group[f"{name}_error"][k])}%'
                       for name in ('kappa', 'kappa_of_least'))
    shift, error = group['binder_shift'][k], group['binder_shift_error'][k]
    binder = 'nothing' if max(abs(shift), error) < ROUNDING else value_error(shift, error)
    largest = max(group['power_ratio'][min(step, k)].max() for step in STEPS)
    return {'stay': str(int(group['directions'][k])), 'on_kappa': on_kappa,
            'least': least.replace('-', '−'), 'binder': binder.replace('-', '−'),
            'outside': f'{largest:.2g}' if largest > TOP else ''}
