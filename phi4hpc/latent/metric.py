"""The decoder's Fisher metric in latent space, in units in which no label of a latent matters.

The mean squared error is the likelihood of a field that is normal about g(y) with the variance
sigma^2 at every site. The metric that belongs to it is J^T J / sigma^2, with J the Jacobian of g
and sigma^2 the loss of a site. With C the covariance of the latents, the spectrum of

    C^(1/2) <J^T J> C^(1/2) / sigma^2

is the same for y and for any invertible linear function of y that the decoder undoes. Its values
are the variance that a direction carries into the field, over what is lost at a site: the scale of
Bayesian renormalisation (arXiv:2204.12939, 2212.11379, 2305.10491), by which a direction counts for
ln(1 + value) / 2. The residual's own covariance would not do in place of sigma^2: it vanishes at
momenta that are kept whole, which would all count for infinitely much. What a non-linear function
of y leaves alone is the power of A(phi) at each momentum (latent/momentum.py); C it changes.

The symmetries of the ensemble are used as far as the encoder lets them: the covariance of E phi,
with E its mean Jacobian, follows from G(p), and only that of the rest is a mean over draws. Where
latents are a field on the lattice of blocks, all is averaged over its shifts.

Suffixes: n draws, y x lattice axes, D sites, d latents, r directions, c channels, X Y places.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.optimum import covariant
from phi4hpc.blockspin.shards import evenly
from phi4hpc.latent import entropy
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.lattice.orbits import symmetrised, zone_momentum
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import Blocks, block_slices, gather_blocks, jackknife

Sums = dict[str, np.ndarray]

SAMPLES = 16
"""Draws at which Jacobians are formed: one for each block of the jackknife."""
ROUNDING = 1e-12
"""Of the largest variance of a latent, below which a direction of latent space is not used."""


class Metric(NamedTuple):
    """What latent.h5 has of it, and its directions, the most informative first.

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
        makes of the direction, so that a direction that is a wave has a spread of zero.

    `phi_nyx` are the draws of this rank, numbered from `first` of `total` over all ranks.
    None where the latents do not vary or nothing is lost, to rounding. Collective; the same to
    rounding on any number of ranks, except that directions of one value may turn.
    """
    slices = block_slices(first, len(phi_nyx), total)
    jacobians_b, whole = jacobian_sums(model, phi_nyx, first, total, slices, tally)
    mean = gather_blocks(comm, jacobians_b, whole).total
    encoder_dD = mean['encoder'] / mean['samples']
    sums_b = [own | more for own, more in zip(
        jacobians_b, latent_sums(model, phi_nyx, slices, encoder_dD, tally), strict=True)]
    blocks = gather_blocks(comm, sums_b, whole)
    shape = model.family.coarse(model.latent, model.L)
    if not blocks.total['residual'] > ROUNDING * blocks.total['power'].sum():
        return None

    def spectrum(sums: Sums) -> np.ndarray:
        return np.linalg.eigvalsh(matrix(sums, encoder_dD, shape)[1])[::-1]

    value_r, error_r = jackknife(comm, blocks, spectrum)
    half_dd, matrix_dd = comm.bcast(matrix(blocks.total, encoder_dD, shape))
    direction_dr = np.linalg.eigh(matrix_dd)[1][:, ::-1]
    out_dr = half_dd @ direction_dr
    images_rD = (blocks.total['decoder'] / blocks.total['samples'] @ out_dr).T
    p_hat_r, spread_r = momenta(images_rD, model.L)
    into_rd, power_Br = direction_dr.T @ np.linalg.pinv(half_dd), powers(comm, blocks, out_dr)
    sigma2 = blocks.total['residual'][0] / (blocks.total['count'][0] * model.sites)
    explained = entropy.analyse(comm, model, into_rd, power_Br, sigma2, phi_nyx, first, total,
                                tally)
    propagator_yx = symmetrised(blocks.total['power'] / blocks.total['count'])
    return Metric({'information': value_r, 'information_error': error_r, **explained,
                   'p_hat': p_hat_r, 'p_hat_spread': spread_r}, into_rd, out_dr, propagator_yx)


def powers(comm: Communicator, blocks: Blocks, out_dr: np.ndarray) -> np.ndarray:
    """Return |J e|^2 of all directions at the draw of each block that has its Jacobian, (B, r)."""
    own = {b: np.einsum('dr,de,er->r', out_dr, sums['metric'], out_dr, optimize=True)
           for b, sums in blocks.owned.items() if sums['samples'][0]}
    everyone = {b: power_r for part in comm.allgather(own) for b, power_r in part.items()}
    return np.array([everyone[b] for b in sorted(everyone)])


def jacobian_sums(model: Autoencoder, phi_nyx: Fields, first: int, total: int,
                  slices: list[slice], tally: Tally) -> tuple[list[Sums], Sums]:
    """Return sums over the draws at which Jacobians are formed, of each block and of all.

    Those of blocks are the number of `samples` and J^T J, the `metric`; those of all are the
    Jacobians of `decoder` and `encoder`.
    """
    model = copy.deepcopy(model).double()
    D, d, weight = model.sites, model.latent, next(model.parameters())
    chosen = set(evenly(total, SAMPLES))
    sums_b = [{'samples': np.zeros(1), 'metric': np.zeros((d, d))} for _ in slices]
    whole = {'decoder': np.zeros((D, d)), 'encoder': np.zeros((d, D))}
    own = [(b, n) for b, part in enumerate(slices) for n in range(part.start, part.stop)
           if first + n in chosen]
    for b, n in tally.over('metric-jacobians', own, [*sums_b, whole]):
        x_nD = torch.from_numpy(phi_nyx[n:n + 1].reshape(1, D)).to(weight)
        jac_Dd = decoder_jacobian(model, model.encode(x_nD))[0].detach()
        sums_b[b]['samples'] += 1
        sums_b[b]['metric'] += (jac_Dd.T @ jac_Dd).cpu().numpy()
        whole['decoder'] += jac_Dd.cpu().numpy()
        whole['encoder'] += encoder_jacobian(model, x_nD)[0].detach().cpu().numpy()
    return sums_b, whole


@torch.no_grad()
def latent_sums(model: Autoencoder, phi_nyx: Fields, slices: list[slice],
                encoder_dD: np.ndarray, tally: Tally) -> list[Sums]:
    """Return sums over the draws of each block: their `count`, `residual` and `power`, and
    `excess`, that of y y^T - (E phi)(E phi)^T, which vanishes where the encoder is linear.
    """
    d, L, weight = model.latent, model.L, next(model.parameters())
    sums_b = [{'count': np.zeros(1), 'residual': np.zeros(1), 'power': np.zeros((L, L)),
               'excess': np.zeros((d, d))} for _ in slices]
    for b, piece in tally.over('metric', pieces(slices, L), sums_b):
        phi_pyx = np.ascontiguousarray(phi_nyx[piece])
        x_nD = torch.from_numpy(phi_pyx).to(weight).flatten(1)
        y_nd = model.encode(x_nD)
        missed_nD = (x_nD - model.decode(y_nd)).double()
        own_nd, linear_nd = y_nd.double().cpu().numpy(), x_nD.double().cpu().numpy() @ encoder_dD.T
        sums = sums_b[b]
        sums['count'] += len(x_nD)
        sums['residual'] += float(missed_nD.square().sum())
        sums['power'] += mode_propagator(phi_pyx) * len(x_nD)
        sums['excess'] += own_nd.T @ own_nd - linear_nd.T @ linear_nd
    return sums_b


def matrix(sums: Sums, encoder_dD: np.ndarray,
           shape: tuple[int, int, int] | None) -> tuple[np.ndarray, np.ndarray]:
    """Return C^(1/2) and C^(1/2) <J^T J> C^(1/2) / sigma^2, both (d, d), from sums over draws."""
    propagator_yx = symmetrised(sums['power'] / sums['count'])
    covariance_dd = covariant(encoder_dD, propagator_yx) @ encoder_dD.T
    covariance_dd = shift_averaged(covariance_dd + sums['excess'] / sums['count'], shape)
    metric_dd = shift_averaged(sums['metric'] / sums['samples'], shape)
    value_d, vector_dd = np.linalg.eigh((covariance_dd + covariance_dd.T) / 2)
    root_d = np.sqrt(np.where(value_d > ROUNDING * value_d[-1], value_d, 0))
    half_dd = vector_dd * root_d @ vector_dd.T
    found_dd = half_dd @ metric_dd @ half_dd
    sigma2 = sums['residual'] / (sums['count'] * propagator_yx.size)
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
    power_rD = np.abs(np.fft.fft2(images_rD.reshape(-1, L, L))).reshape(-1, L**2) ** 2
    p_hat_D = zone_momentum(L).ravel()
    with np.errstate(all='ignore'):
        weight_rD = power_rD / power_rD.sum(1, keepdims=True)
    mean_r = weight_rD @ p_hat_D
    return mean_r, np.sqrt((weight_rD @ p_hat_D**2 - mean_r**2).clip(0))
