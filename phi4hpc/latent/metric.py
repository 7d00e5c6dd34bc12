"""The decoder's Fisher metric in latent space, in units in which no label of a latent matters.

The mean squared error is the likelihood of a field that is normal about g(y) with the variance
sigma^2 at every site. The metric that belongs to it is J^T J / sigma^2, with J the Jacobian of g
and sigma^2 the loss of a site. With C the covariance of the latents, the spectrum of

    C^(1/2) <J^T J> C^(1/2) / sigma^2

is the same for y and for any invertible linear function of y that the decoder undoes. Its values
are the variance that a direction carries into the field, over what is lost at a site: the scale of
Bayesian renormalisation (arXiv:2204.12939, 2212.11379, 2305.10491), by which a direction counts for
ln(1 + value) / 2. What a non-linear function of y leaves alone is the power of A(phi) at each
momentum (latent/momentum.py); C it changes.

With the residual's own covariance, which is diagonal in momentum, in place of sigma^2, a direction
is held against what is lost of its own waves,

    C^(1/2) <J^T Sigma^-1 J> C^(1/2), Sigma(p) = <|phi~ - A~|^2> / Omega + FLOOR sigma^2.

Sigma would vanish at momenta that are kept whole, and they would count for infinitely much; the
floor lets them count by their power. It decides about maps that keep waves exactly, such as the
linear optimum, whose order is then that of G(p) for any floor; others lose more of each wave.

The symmetries of the ensemble are used as far as the encoder lets them: the covariance of E phi,
with E its mean Jacobian, follows from G(p), and only that of the rest is a mean over draws. Where
latents are a field on the lattice of blocks, all is averaged over its shifts.

Suffixes: n draws, y x lattice axes, D sites, d latents, r directions, c channels, X Y places.
"""

from typing import NamedTuple

import numpy as np

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.optimum import covariant
from phi4hpc.latent import entropy
from phi4hpc.latent.metricsums import decoder_sums, latent_sums, mean_encoder
from phi4hpc.latent.tally import NOWHERE, Fields, Tally
from phi4hpc.lattice.orbits import symmetrised, zone_momentum
from phi4hpc.parallel.communicator import Communicator, by_key, summed_over
from phi4hpc.parallel.jackknife import Blocks, block_slices, gather_blocks, jackknife

Sums = dict[str, np.ndarray]

FLOOR = 1e-6
"""Of sigma^2, what Sigma has at least: a thousandth of the loss of a site, as an amplitude."""
ROUNDING = 1e-12
"""Of the largest variance of a latent, below which a direction of latent space is not used."""


class Metric(NamedTuple):
    """What latent.h5 has of it, and its directions with Sigma(p), the most informative first.

    `into_rd` takes latents to their components, which have unit covariance, and `out_dr` back.
    `propagator_yx` is G(p) of the draws.
    """

    found: Sums
    into_rd: np.ndarray
    out_dr: np.ndarray
    propagator_yx: np.ndarray

    def only(self, kept: slice) -> np.ndarray:
        """Return the matrix (d, d) that leaves some directions of the latents and removes others.
        """
        return self.out_dr[:, kept] @ self.into_rd[kept]


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
            tally: Tally = NOWHERE) -> Metric | None:
    """Return the Metric of a model over test draws, with over directions (r,)

    `information`, `information_error`: the spectrum, largest first, with its jackknife error,
    `entropy`, `entropy_error`: the entropy that each explains, as latent/entropy.py says,
    `p_hat`, `p_hat_spread`: mean and standard deviation of |p^| over the power of what the decoder
        makes of the direction, so that a direction that is a wave has a spread of zero,
    `information_by_momentum`, its error, `p_hat_by_momentum` and `p_hat_spread_by_momentum`: the
        same with Sigma(p), whose own error is not in them.

    `phi_nyx` are the draws of this rank, numbered from `first` of `total` over all ranks.
    None where the latents do not vary or nothing is lost, to rounding. Collective; the same to
    rounding on any number of ranks, except that directions of one value may turn.
    """
    slices = block_slices(first, len(phi_nyx), total)
    encoder_dD = mean_encoder(comm, model, phi_nyx, first, total, tally)
    latents_b = latent_sums(model, phi_nyx, slices, encoder_dD, tally)
    power_yx, lost_yx = (summed_over(comm, np.sum([sums[name] for sums in latents_b], 0) / total)
                         for name in ('power', 'residual'))
    if not lost_yx.sum() > ROUNDING * power_yx.sum():
        return None
    sigma_yx = symmetrised(lost_yx) + FLOOR * lost_yx.mean()
    decoder_b, whole = decoder_sums(model, phi_nyx, first, total, slices, sigma_yx, tally)
    blocks = gather_blocks(comm, [one | other for one, other in zip(
        latents_b, decoder_b, strict=True)], whole)
    shape = model.family.coarse(model.latent, model.L)
    found, half_dd, direction_dr = directions(comm, blocks, encoder_dD, shape, 'metric')
    units_dd = np.linalg.pinv(half_dd)
    found |= entropy.analyse(
        comm, model, direction_dr.T @ units_dd, powers(comm, blocks, half_dd @ direction_dr),
        float(lost_yx.mean()), phi_nyx, first, total, tally)
    more, half_dd, direction_dr = directions(comm, blocks, encoder_dD, shape, 'weighted',
                                             '_by_momentum')
    return Metric(found | more, direction_dr.T @ units_dd, half_dd @ direction_dr,
                  symmetrised(power_yx))


def directions(comm: Communicator, blocks: Blocks, encoder_dD: np.ndarray,
               shape: tuple[int, int, int] | None, name: str,
               end: str = '') -> tuple[Sums, np.ndarray, np.ndarray]:
    """Return `information`, its error, `p_hat` and `p_hat_spread` over directions (r,), then
    C^(1/2) (d, d) and the directions (d, r) in latents of unit covariance.

    `name` is that of J^T J in the sums, `end` what the names of the arrays end with.
    """
    value_r, error_r = jackknife(comm, blocks, lambda sums: np.linalg.eigvalsh(
        matrix(sums, encoder_dD, shape, name)[1])[::-1])
    half_dd, matrix_dd = comm.bcast(matrix(blocks.total, encoder_dD, shape, name))
    direction_dr = np.linalg.eigh(matrix_dd)[1][:, ::-1]
    mean_Dd = blocks.total['decoder'] / blocks.total['samples']
    p_hat_r, spread_r = momenta((mean_Dd @ half_dd @ direction_dr).T, len(blocks.total['power']))
    return ({f'information{end}': value_r, f'information{end}_error': error_r,
             f'p_hat{end}': p_hat_r, f'p_hat_spread{end}': spread_r}, half_dd, direction_dr)


def powers(comm: Communicator, blocks: Blocks, out_dr: np.ndarray) -> np.ndarray:
    """Return |J e|^2 of all directions at the draw of each block that has its Jacobian, (B, r)."""
    own = {b: np.einsum('dr,de,er->r', out_dr, sums['metric'], out_dr, optimize=True)
           for b, sums in blocks.owned.items() if sums['samples'][0]}
    return np.array(by_key(comm.allgather(own)))


def matrix(sums: Sums, encoder_dD: np.ndarray, shape: tuple[int, int, int] | None,
           name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return C^(1/2) and, of the `metric`, C^(1/2) <J^T J> C^(1/2) / sigma^2, both (d, d), from
    sums over draws; of what is `weighted`, it is not over sigma^2.
    """
    propagator_yx = symmetrised(sums['power'] / sums['count'])
    covariance_dd = covariant(encoder_dD, propagator_yx) @ encoder_dD.T
    covariance_dd = shift_averaged(covariance_dd + sums['excess'] / sums['count'], shape)
    metric_dd = shift_averaged(sums[name] / sums['samples'], shape)
    value_d, vector_dd = np.linalg.eigh((covariance_dd + covariance_dd.T) / 2)
    root_d = np.sqrt(np.where(value_d > ROUNDING * value_d[-1], value_d, 0))
    half_dd = vector_dd * root_d @ vector_dd.T
    found_dd = half_dd @ metric_dd @ half_dd
    sigma2 = sums['residual'].mean() / sums['count'] if name == 'metric' else 1.0
    with np.errstate(all='ignore'):
        return half_dd, (found_dd + found_dd.T) / 2 / sigma2


def shift_averaged(gram_dd: np.ndarray, shape: tuple[int, int, int] | None) -> np.ndarray:
    """Return a matrix over latents that are a field (c, Y, X), averaged over shifts of this field.

    Where they are none, `shape` is None, and the matrix is returned as it is.
    """
    if shape is None:
        return gram_dd
    channels, places = shape[0], shape[1] * shape[2]
    Y, X = (index.ravel() for index in np.indices(shape[1:]))
    there = ((Y[:, None] + Y) % shape[1]) * shape[2] + (X[:, None] + X) % shape[2]
    apart = ((Y - Y[:, None]) % shape[1]) * shape[2] + (X - X[:, None]) % shape[2]
    gram_cpcp = gram_dd.reshape(channels, places, channels, places)
    of_shift_qcc = gram_cpcp[:, np.arange(places)[:, None], :, there].mean(0)
    return of_shift_qcc[apart].transpose(2, 0, 3, 1).reshape(gram_dd.shape)


def momenta(images_rD: np.ndarray, L: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of |p^| over the power of each image."""
    p_hat_yx = zone_momentum(L)
    power_r, mean_r, square_r = np.array([
        [power_yx.sum(), (power_yx * p_hat_yx).sum(), (power_yx * p_hat_yx**2).sum()]
        for power_yx in (np.abs(np.fft.fft2(image_yx)) ** 2
                         for image_yx in images_rD.reshape(-1, L, L))]).T
    with np.errstate(all='ignore'):
        mean_r, square_r = mean_r / power_r, square_r / power_r
    return mean_r, np.sqrt((square_r - mean_r**2).clip(0))
