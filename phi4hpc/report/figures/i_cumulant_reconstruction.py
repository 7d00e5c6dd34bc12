"""Means of reconstructions against kappa, and how they differ from those of the original."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from phi4hpc.lattice.observable import load
from phi4hpc.report.models import described
from phi4hpc.report.numbers import written
from phi4hpc.report.study import Entry, Model, Study, column
from phi4hpc.report.style import FULL, ORIGINAL, Plot, legend, panels, points, reference

PLACE = 'kept', 20
TITLE = 'Reconstructed cumulants'
CAPTION = """
⟨|{{ M() }}|⟩, connected χ, {{ UL() }}, ξ/{{ L() }}, ⟨φ²⟩ and the hopping energy of configurations
and of their reconstructions by the models trained at κ = {{ f.kappa }}
{{- ' (upright line)' if f.ladder }}, with reconstructed − original in the smaller panels. A map
that carries the zero mode exactly reproduces every moment of {{ M() }}, and one that carries the
smallest momenta too reproduces ξ/{{ L() }}; ⟨φ²⟩ and the hopping energy sum all modes and miss
those that were dropped. At κ = {{ f.kappa }} the differences
of {{ UL() }} and of ⟨φ²⟩ are
{%- for m in f.models %} {{ m.title | safe }}: {{ m.binder }} and {{ m.phi2 }}
{{- ';' if not loop.last else '.' }}{% endfor %}
{% if f.ladder %} Differences away from the training κ tell how far the block spin holds along the
ladder.{% endif %}
 {{ same_draws() }}
"""

ROUNDING = 1e-6               # of models, whose weights are float32
SHOWN = ('abs_magnetisation', 'susceptibility', 'binder', 'correlation_ratio', 'phi2', 'hopping')


def draw(study: Study) -> Iterator[Plot]:
    """Yield the figure for every training kappa: against kappa, or by model at one kappa alone."""
    for kappa, models in study.models.items():
        ladder = len(models[0].reconstructions) > 1
        figure, axes = panels(6, 2, FULL, 9.4, height_ratios=[2, 1] * 3, sharex=True)
        pairs = [axes[row:row + 2, side] for row in (0, 2, 4) for side in (0, 1)]
        for pair, name in zip(pairs, SHOWN, strict=True):
            draw_mean(pair, models, name, ladder)
            for ax in pair if ladder else ():
                reference(ax, x=kappa)
        if ladder:
            legend(figure, axes[0, 0], ncols=3)
        for ax in axes[-1]:
            if ladder:
                ax.set_xlabel(r'$\kappa$')
            else:
                ax.set_xticks(range(-1, len(models)), ['original', *(m.label for m in models)],
                              rotation=90, fontsize=7)
                ax.tick_params(axis='x', which='both', length=0)
                ax.xaxis.minorticks_off()
        yield Plot(figure, {'kappa': f'{kappa:g}', 'ladder': ladder,
                            'models': [at_training(model, kappa) for model in models]}, kappa)


def at_training(model: Model, kappa: float) -> dict[str, Any]:
    """Return what the caption tells of a model: differences at its own kappa."""
    entry = model.at(kappa)
    return {**described(model), **{name: in_words(entry['difference'].get(name))
                                   for name in ('binder', 'phi2')}}


def in_words(difference: Entry | None) -> str:
    """Return a difference with its error; 0 where it is that to the rounding of a model."""
    if difference and abs(difference['value']) < ROUNDING:
        return '0'
    return written(difference)


def draw_mean(axes: np.ndarray, models: list[Model], name: str, ladder: bool) -> None:
    """Draw one mean of the original and of every model, and below it the difference."""
    for model in models:
        number, x = model.number, None if ladder else model.number
        if number == 0:
            found = against_kappa(model, 'original', name, None if ladder else -1)
            points(axes[0], *found, label='original', **ORIGINAL)
        points(axes[0], *against_kappa(model, 'reconstructed', name, x), number, markersize=2.5,
               label=model.label)
        points(axes[1], *against_kappa(model, 'difference', name, x), number, markersize=2.5)
    reference(axes[1], y=0)
    axes[0].set_ylabel(load(name).label)
    axes[1].set_ylabel('difference')


def against_kappa(model: Model, which: str, name: str,
                  x: float | None = None) -> tuple[list[float], np.ndarray, np.ndarray]:
    """Return (kappa, value, error) of a mean over the reconstructions in which it is defined; `x`
    in place of kappa where it is given.
    """
    entries: list[Entry] = [entry for entry in model.reconstructions if entry[which].get(name)]
    value, error = column([entry[which] for entry in entries], name)
    return [entry['kappa'] if x is None else x for entry in entries], value, error
