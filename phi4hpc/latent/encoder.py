"""What an encoder has learned: its latents beyond their best linear prediction from the field.

With E phi that prediction, r = f(phi) - E phi is what is not linear. Latents may be labelled in any
way, so r is looked at as the best linear decoder would: with C their covariance and G that of the
field, it makes of it the field

    R = G E^T C^-1 r,

which is the same for all latents that are linear functions of each other. R is projected on the
operators of latent/learned.py, momentum by momentum.

E = <f(phi) phi^T> G^-1 takes more draws than there are sites. Where the model commutes with shifts
by a block, all these shifts count as draws. Elsewhere E is the mean Jacobian, which is
the same for normal fields, and is known from few draws where the encoder is smooth.

Suffixes: n draws, D sites, y x lattice axes or momenta, d latents, r directions, c channels, Y X
places, P momenta of places, a the momenta that blocks take for one of these.
"""

import copy
import math
from collections.abc import Callable, Iterable

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.optimum import covariant
from phi4hpc.latent import learned
from phi4hpc.latent.jacobians import encoder_jacobian, shifts
from phi4hpc.latent.metric import Metric
from phi4hpc.latent.momentum import transformed
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.parallel.communicator import Communicator, summed_over
from phi4hpc.parallel.jackknife import block_slices, deleted, gather_blocks, with_deleted

Sums = dict[str, np.ndarray]
Encode = Callable[[np.ndarray], np.ndarray]

FEW = 64
"""Draws at which the Jacobian is formed."""
ROUNDING = 1e-12
"""Of the largest power of waves that blocks take for one another, below which there is none."""


def analyse(comm: Communicator, model: Autoencoder, metric: Metric, learn: Iterable[np.ndarray],
            few: Iterable[np.ndarray], phi_nyx: Fields, first: int, total: int,
            tally: Tally = NOWHERE) -> Sums:
    """Return the part of <|R|^2> that each of learned.SECTORS explains on test draws.

    `nonlinear` is the part of the variance of the latents that r has, in the mean over latents of
    unit covariance. All have an `_error`; of a linear encoder they are nan. `learn` and `few` are
    draws of this rank that the operators, and E, are fitted to; `phi_nyx` its test draws, numbered
    from `first` of `total` over all ranks. Collective.
    """
    model = copy.deepcopy(model).double()
    encode, L = encoding(model), model.L
    shape = model.family.coarse(model.latent, L) if shifts(model) else None
    linear_dD = (by_shifts(comm, encode, shape, learn, L, tally) if shape
                 else mean_jacobian(comm, model, few, tally))
    reader_Dr = (metric.into_rd @ covariant(linear_dD, metric.propagator_yx)).T

    def beyond(some_nyx: np.ndarray) -> np.ndarray:
        return (encode(some_nyx) - flat(some_nyx) @ linear_dD.T) @ metric.into_rd.T

    def read(some_nyx: np.ndarray) -> np.ndarray:
        return (beyond(some_nyx) @ reader_Dr.T).reshape(some_nyx.shape)

    found = learned.analyse(comm, read, np.zeros_like, model.latent, learn, phi_nyx, first, total,
                            tally, 'encoder')
    square = mean_square(comm, beyond, phi_nyx, first, total, tally)
    return found | square if np.isfinite(found['nonlinear']) else found


def mean_square(comm: Communicator, function: Encode, phi_nyx: Fields, first: int, total: int,
                tally: Tally) -> dict[str, np.ndarray]:
    """Return the mean square of a function's components over draws as `nonlinear`, with its error.
    """
    slices = block_slices(first, len(phi_nyx), total)
    sums_b = [{'count': np.zeros(1), 'square': np.zeros(1)} for _ in slices]
    for b, piece in tally.over('encoder-latents', pieces(slices, phi_nyx.shape[-1]), sums_b):
        r_nr = function(phi_nyx[piece])
        sums_b[b]['count'] += r_nr.size
        sums_b[b]['square'] += (r_nr**2).sum()
    return with_deleted(['nonlinear'], deleted(comm, gather_blocks(comm, sums_b),
                                               lambda sums: sums['square'] / sums['count']))


def flat(phi_nyx: np.ndarray) -> np.ndarray:
    """Return fields as (n, D), in float64."""
    return np.asarray(phi_nyx, np.float64).reshape(len(phi_nyx), math.prod(phi_nyx.shape[1:]))


def encoding(model: Autoencoder) -> Encode:
    """Return f as a function of NumPy arrays, from fields (n, y, x) to latents (n, d)."""
    weight = next(model.parameters())

    @torch.no_grad()
    def encode(phi_nyx: np.ndarray) -> np.ndarray:
        return model.encode(as_rows(phi_nyx, weight)).cpu().numpy()
    return encode


def mean_jacobian(comm: Communicator, model: Autoencoder, few: Iterable[np.ndarray],
                  tally: Tally) -> np.ndarray:
    """Return the mean Jacobian of the encoder over some draws, (d, D)."""
    weight = next(model.parameters())
    sums = {'jacobian': np.zeros((model.latent, model.sites)), 'count': np.zeros(1)}
    for some_nyx in tally.over('encoder-jacobian', few, [sums]):
        for x_D in as_rows(some_nyx, weight):
            sums['jacobian'] += encoder_jacobian(model, x_D[None])[0].detach().cpu().numpy()
        sums['count'] += len(some_nyx)
    total = {name: summed_over(comm, array) for name, array in sums.items()}
    return total['jacobian'] / total['count']


def by_shifts(comm: Communicator, encode: Encode, shape: tuple[int, int, int],
              learn: Iterable[np.ndarray], L: int, tally: Tally) -> np.ndarray:
    """Return E (d, D) of latents that are a field (c, Y, X), from draws and all their shifts.

    In Fourier space y_c(P) = sum_p h_c(p) phi(p) over the momenta p that blocks take for P.
    """
    channels, places = shape[0], shape[1]
    block = L // places
    sums = {'gram': np.zeros((places**2, block**2, block**2), complex),
            'cross': np.zeros((places**2, block**2, channels), complex)}
    for some_nyx in tally.over('encoder-linear', learn, [sums]):
        phi_Pna = aliases(transformed(some_nyx), block)
        y_ncYX = np.fft.fft2(encode(some_nyx).reshape(-1, *shape))
        conjugate_Pan = phi_Pna.conj().transpose(0, 2, 1)
        sums['gram'] += conjugate_Pan @ phi_Pna
        sums['cross'] += conjugate_Pan @ y_ncYX.reshape(-1, channels, places**2).transpose(2, 0, 1)
    inverse_Paa = np.linalg.pinv(summed_over(comm, sums['gram']), rcond=ROUNDING, hermitian=True)
    response_Pac = inverse_Paa @ summed_over(comm, sums['cross'])
    response_cyx = response_Pac.reshape(places, places, block, block, channels).transpose(
        4, 2, 0, 3, 1).reshape(channels, L, L)
    kernel_cyx = np.fft.fft2(response_cyx).real / places**2
    return np.array([np.roll(kernel_yx, (block * Y, block * X), (0, 1)).ravel()
                     for kernel_yx in kernel_cyx for Y, X in np.ndindex(places, places)])


def aliases(wave_nyx: np.ndarray, block: int) -> np.ndarray:
    """Return waves by the momentum that blocks take them for, (P, n, a)."""
    count, places = len(wave_nyx), wave_nyx.shape[-1] // block
    parts = wave_nyx.reshape(count, block, places, block, places).transpose(2, 4, 0, 1, 3)
    return parts.reshape(places**2, count, block**2)
