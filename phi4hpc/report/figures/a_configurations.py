"""One draw at each of a few kappas across the transition, for every lattice."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.report.mosaic import colourbar, mosaic, scale
from phi4hpc.report.numbers import written
from phi4hpc.report.study import Study, spread
from phi4hpc.report.style import FULL, Missing, Plot, panels
from phi4hpc.storage.reader import Lattice

PLACE = 'sampling', 10
TITLE = 'Configurations across κ'
CAPTION = """
The last configuration kept of chain 0 at κ = {{ f.kappas | join(', ') }}
{{- ', in this order' if f.kappas | length > 1 }}. All
share one colour scale, which ends at the 99.5th percentile of |φ|.
{% if f.lengths %} In the symmetric phase domains of either sign are about a correlation length
wide; at {{ L() }} = {{ f.L }} it is
{%- for l in f.lengths %}{{ ',' if not loop.first }} ξ = {{ l.length }} at κ = {{ l.kappa }}
{%- endfor %}.
{% endif %}
{% if f.broken %} In the broken phase one sign fills the lattice; chance decides which, as the
action is even in φ.{% endif %}
"""

SHOWN = 5                     # kappas


def draw(study: Study) -> Iterator[Plot | Missing]:
    """Yield the figure, of rungs that all lattices have."""
    kappas = spread(study.deck.ladder.pinned, SHOWN)
    with study.ensembles() as ensembles:
        lattices = [ensembles[L] for L in study.sizes]
        if not all(lattice.fields for lattice in lattices):
            yield Missing('No configurations are shown: sample.fields keeps none.')
            return
        images = [np.stack([last(lattice, kappa) for kappa in kappas]) for lattice in lattices]
    limit = scale(images)
    if len(kappas) > 1:
        width = min(FULL, 0.9 + 1.27 * len(kappas))
        figure, axes = panels(len(images), 1, width, 0.2 + 1.27 * len(images))
    else:                                  # lattices side by side, as there is nothing else
        figure, axes = panels(1, len(images), min(FULL, 0.7 + 2.2 * len(images)), 2.4)
    for ax, L, of_lattice in zip(axes.flat, study.sizes, images, strict=True):
        picture = mosaic(ax, of_lattice[None], limit)
        ax.set_yticklabels([f'$L={L}$'] if len(kappas) > 1 else [])
        above = [rf'$\kappa={kappa:g}$' for kappa in kappas] if len(kappas) > 1 else [f'$L={L}$']
        ax.set_xticklabels(above if ax is axes[0, 0] or len(kappas) == 1 else [])
    colourbar(figure, picture, list(axes.flat), r'$\phi(x)$')
    yield Plot(figure, {'kappas': [f'{kappa:g}' for kappa in kappas], 'L': study.sizes[-1],
                        'broken': study.phases['broken'], 'lengths': lengths(study, kappas)})


def last(lattice: Lattice, kappa: float) -> np.ndarray:
    """Return the last field phi_yx of chain 0 at a rung."""
    return lattice.phi[lattice.rung(kappa), 0, lattice.fields - 1]


def lengths(study: Study, kappas: list[float]) -> list[dict[str, str]]:
    """Return the correlation lengths of the largest lattice at those `kappas` that are symmetric.

    The fit of a free form marks them, as it is made in the symmetric phase alone.
    """
    shown = [entry for entry in study.entries(study.sizes[-1])
             if entry.get('free_form') and np.isclose(entry['kappa'], kappas).any()]
    return [{'kappa': f'{entry["kappa"]:g}', 'length': written(entry['correlation_length'])}
            for entry in shown if entry.get('correlation_length')]
