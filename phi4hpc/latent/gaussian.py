"""What a model gains on Gaussian fields of the ensemble's propagator, with the weights that it has.

In such fields nothing but G(p) can be known of a mode, so what a model has learned of the
interaction is of no use there, and is a loss. A gain that stays is no statement on the interaction:
several modes are held in the digits of a latent. A control that was trained on such fields does not
show that, for a training may find the way only where there is an interaction.

Suffixes: n draws, y x lattice axes or momenta, b blocks, o orbits of momenta.
"""

import numpy as np

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.surrogate import fields
from phi4hpc.latent.momentum import Sums, gain, product, transformed
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import NOWHERE, Tally, pieces
from phi4hpc.lattice.orbits import numbered
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, deleted, gather_blocks, with_deleted


def analyse(comm: Communicator, model: Autoencoder, propagator_yx: np.ndarray,
            seed: tuple[int, ...], count: int, first: int, total: int,
            tally: Tally = NOWHERE) -> Sums:
    """Return the `gain` over the linear optimum of the fields that are drawn, with `gain_error` and
    `gain_deleted` (b,).

    This rank draws `count` fields of the propagator, numbered from `first` of `total` over all
    ranks; they are the same fields on any number of ranks. Collective.
    """
    slices = block_slices(first, count, total)
    orbit_D = numbered(model.L).ravel()
    sums_b = [{name: np.zeros(orbit_D.max() + 1) for name in ('before', 'after', 'both')}
              for _ in slices]
    for b, piece in tally.over('gaussian', pieces(slices, model.L), sums_b):
        phi_nyx = fields(propagator_yx, seed, first + piece.start, piece.stop - piece.start,
                         np.dtype(np.float64))
        for name, power_yx in powers(model, phi_nyx).items():
            sums_b[b][name] += np.bincount(orbit_D, power_yx.ravel())
    return with_deleted(['gain'], deleted(comm, gather_blocks(comm, sums_b), lambda sums: np.array(
        [gain(sums, model.L, model.latent)])))


def powers(model: Autoencoder, phi_nyx: np.ndarray) -> Sums:
    """Return |phi~|^2, |A~|^2 and Re(phi~* A~) at all momenta (y, x), summed over fields."""
    before_nyx, after_nyx = transformed(phi_nyx), transformed(reconstruct(model, phi_nyx))
    return {'before': product(before_nyx, before_nyx), 'after': product(after_nyx, after_nyx),
            'both': product(before_nyx, after_nyx)}
