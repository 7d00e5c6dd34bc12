"""The distribution of the field at a site, before and after a model."""

import numpy as np

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

BINS = 80
WIDEST = 4.0
"""Root mean squares of the field that the bins reach to, on both sides."""


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
            tally: Tally = NOWHERE) -> dict[str, np.ndarray]:
    """Return densities at the middles of bins, (BINS,): `phi`, `before` and `after` with `_error`.

    Both are averaged over phi and -phi, as the action is even and models are odd. `phi_nyx` are the
    draws of this rank, numbered from `first` of `total` over all ranks. Returns nothing for fields
    that vanish or are not finite. Collective.
    """
    slices, power = block_slices(first, len(phi_nyx), total), {'power': np.zeros(1)}
    for _, piece in tally.over('distribution-power', pieces(slices, model.L), [power]):
        power['power'] += np.square(phi_nyx[piece], dtype=np.float64).sum()
    reach = WIDEST * np.sqrt(comm.allreduce(float(power['power'][0])) / (total * model.sites))
    if not (np.isfinite(reach) and reach > 0):
        return {}
    edges = np.linspace(-reach, reach, BINS + 1)
    sums_b = [{'before': np.zeros(BINS), 'after': np.zeros(BINS), 'count': np.zeros(1)}
              for _ in slices]
    for b, piece in tally.over('distribution', pieces(slices, model.L), sums_b):
        some_nyx = phi_nyx[piece]
        sums_b[b]['count'] += some_nyx.size
        sums_b[b]['before'] += counted(some_nyx, edges)
        sums_b[b]['after'] += counted(reconstruct(model, some_nyx), edges)
    blocks = gather_blocks(comm, sums_b)
    value, error = jackknife(comm, blocks, lambda sums: np.array(
        [sums[side] / (sums['count'] * (edges[1] - edges[0])) for side in ('before', 'after')]))
    return {'phi': (edges[1:] + edges[:-1]) / 2, 'before': value[0], 'before_error': error[0],
            'after': value[1], 'after_error': error[1]}


def counted(phi_nyx: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many sites have a field in each bin, the mean over phi and -phi."""
    found = np.histogram(phi_nyx, edges)[0]
    return (found + found[::-1]) / 2
