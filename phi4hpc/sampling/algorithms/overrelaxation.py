"""Overrelaxation: each site is reflected about a point that its neighbours set, and keeps its
energy nearly.

Long waves decorrelate faster than by Metropolis, but not every field is reached
(kernels/overrelaxation.cu).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phi4hpc.deck.schema import Sample
    from phi4hpc.device.fields import Fields

STREAM = 4
ERGODIC = False


def visits(sample: 'Sample') -> int:
    """Return how often a sweep visits a site: once, to reflect it."""
    return 1


def launch(fields: 'Fields', sample: 'Sample | None', kappa_r: 'NDArray', size_r: None, first: int,
           sweeps: int) -> 'NDArray':
    """Make sweeps, and return the accepted reflections (r,), at most L^2 a sweep."""
    accepted = fields.counters()
    fields.launch('overrelaxation', fields.reals(kappa_r), fields.replicas, fields.lam, fields.seed,
                  fields.unsigned(first), fields.integer(sweeps), accepted, stream=STREAM)
    return fields.numpy(accepted)
