"""Cluster flips: clusters of like sign change it or not, each with probability 1/2.

That leaves the moduli alone and beats critical slowing down (kernels/cluster.cu).
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phi4hpc.deck.schema import Sample
    from phi4hpc.device.fields import Fields

STREAM = 5
ERGODIC = False


def visits(sample: 'Sample') -> int:
    """Return how often a sweep visits a site: once, to flip its cluster or not."""
    return 1


def launch(fields: 'Fields', sample: 'Sample | None', kappa_r: 'NDArray', size_r: None, first: int,
           sweeps: int) -> None:
    """Make sweeps."""
    signs = fields.scratch('signs', fields.L**2)
    bonds = fields.scratch('bonds', fields.L**2 // 2, 'u1')
    fields.launch('cluster', fields.reals(kappa_r), fields.replicas, fields.seed,
                  fields.unsigned(first), fields.integer(sweeps), labels(fields), signs, bonds,
                  stream=STREAM)


def labels(fields: 'Fields') -> Any:
    """Return the scratch memory in which the last sweep left each site's cluster, by its smallest
    site."""
    return fields.scratch('labels', fields.L**2, 'i4')
