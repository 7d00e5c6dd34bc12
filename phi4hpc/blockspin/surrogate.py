"""Gaussian fields of the propagator of an ensemble: a control, with nothing to learn but G(p).

After a linear encoder no decoder of such fields is better than the linear one. What a training
gains on them comes from draws learned by heart, or from latents whose digits hold several modes,
and not from the interaction. The reverse does not follow: at lambda = 0.02 convolutional models
gain nearly the same on such fields as on those that they learned from, and their own controls stay
at the linear optimum of blocks. By way of the interaction a training found how to use digits.

Shapes: n draws, y x lattice axes.
"""

import numpy as np

from phi4hpc.blockspin.shards import Shares
from phi4hpc.parallel.communicator import Communicator


def gaussian(comm: Communicator, shares: Shares, propagator_yx: np.ndarray,
             seed: tuple[int, ...]) -> Shares:
    """Return shares of Gaussian fields, one for each draw, of the propagator G(p).

    G(p) is given as by numpy.fft.fft2. Each field follows from the seed, its part and its number
    among the draws of all ranks, so they are the same fields on any number of ranks. Collective.
    """
    parts = (shares.train_nyx, shares.valid_nyx, shares.test_nyx)
    made = []
    for part, fields_nyx in enumerate(parts):
        first = sum(comm.allgather(len(fields_nyx))[:comm.rank])
        made.append(fields(propagator_yx, (*seed, part), first, len(fields_nyx), fields_nyx.dtype))
    return Shares(shares.strata, *made)


def fields(propagator_yx: np.ndarray, seed: tuple[int, ...], first: int, count: int,
           kind: np.dtype) -> np.ndarray:
    """Return the Gaussian fields numbered from `first` on, (n, y, x)."""
    amplitude_yx, made_nyx = np.sqrt(propagator_yx), np.empty((count, *propagator_yx.shape), kind)
    for n in range(count):
        noise_yx = np.random.default_rng((*seed, first + n)).standard_normal(propagator_yx.shape)
        made_nyx[n] = np.fft.ifft2(np.fft.fft2(noise_yx) * amplitude_yx).real
    return made_nyx
