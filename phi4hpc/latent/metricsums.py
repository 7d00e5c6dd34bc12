"""Sums over draws that the Fisher metric is made of: see latent/metric.py.

Suffixes: n draws, p those of a piece, y x lattice axes or momenta, D sites, d latents.
"""

import copy

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.shards import evenly
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import Fields, Tally, pieces
from phi4hpc.latent.waves import scaled
from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.parallel.communicator import Communicator, summed_over

Sums = dict[str, np.ndarray]

SAMPLES = 16
"""Draws at which Jacobians are formed: one for each block of the jackknife."""


def chosen(slices: list[slice], first: int, total: int) -> list[tuple[int, int]]:
    """Return this rank's draws at which Jacobians are formed, each with the number of its block."""
    everywhere = set(evenly(total, SAMPLES))
    return [(b, n) for b, part in enumerate(slices) for n in range(part.start, part.stop)
            if first + n in everywhere]


def mean_encoder(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
                 tally: Tally) -> np.ndarray:
    """Return the mean Jacobian of the encoder, (d, D)."""
    model = copy.deepcopy(model).double()
    weight, sums = next(model.parameters()), {'encoder': np.zeros((model.latent, model.sites))}
    own = chosen([slice(0, len(phi_nyx))], first, total)
    for _, n in tally.over('metric-encoder', own, [sums]):
        x_1D = as_rows(phi_nyx[n:n + 1], weight)
        sums['encoder'] += encoder_jacobian(model, x_1D)[0].detach().cpu().numpy()
    return summed_over(comm, sums['encoder']) / min(SAMPLES, total)


def decoder_sums(model: Autoencoder, phi_nyx: Fields, first: int, total: int, slices: list[slice],
                 sigma_yx: np.ndarray, tally: Tally) -> tuple[list[Sums], Sums]:
    """Return sums over the draws at which Jacobians are formed, of each block and of all.

    Those of blocks are the number of `samples`, J^T J, the `metric`, and J^T Sigma^-1 J, which is
    `weighted`; that of all is the Jacobian of the `decoder`.
    """
    model = copy.deepcopy(model).double()
    d, weight = model.latent, next(model.parameters())
    factor_yx = torch.from_numpy(sigma_yx**-0.5).to(weight)
    sums_b = [{'samples': np.zeros(1), 'metric': np.zeros((d, d)), 'weighted': np.zeros((d, d))}
              for _ in slices]
    whole = {'decoder': np.zeros((model.sites, d))}
    for b, n in tally.over('metric-decoder', chosen(slices, first, total), [*sums_b, whole]):
        x_1D = as_rows(phi_nyx[n:n + 1], weight)
        rows_dD = decoder_jacobian(model, model.encode(x_1D))[0].detach().T
        weighted_dD = scaled(rows_dD[None], factor_yx)[0]
        sums_b[b]['samples'] += 1
        sums_b[b]['metric'] += (rows_dD @ rows_dD.T).cpu().numpy()
        sums_b[b]['weighted'] += (weighted_dD @ weighted_dD.T).cpu().numpy()
        whole['decoder'] += rows_dD.T.cpu().numpy()
    return sums_b, whole


@torch.no_grad()
def latent_sums(model: Autoencoder, phi_nyx: Fields, slices: list[slice],
                encoder_dD: np.ndarray, tally: Tally) -> list[Sums]:
    """Return sums over the draws of each block: their `count`; the `power` of the field and that of
    the `residual` at all momenta; and `excess`, that of y y^T - (E phi)(E phi)^T, which vanishes
    where the encoder is linear.
    """
    d, L, weight = model.latent, model.L, next(model.parameters())
    sums_b = [{'count': np.zeros(1), 'residual': np.zeros((L, L)), 'power': np.zeros((L, L)),
               'excess': np.zeros((d, d))} for _ in slices]
    for b, piece in tally.over('metric', pieces(slices, L), sums_b):
        phi_pyx = phi_nyx[piece]
        x_nD = as_rows(phi_pyx, weight)
        y_nd = model.encode(x_nD)
        missed_nyx = (x_nD - model.decode(y_nd)).unflatten(1, (L, L)).cpu().numpy()
        own_nd, linear_nd = y_nd.double().cpu().numpy(), x_nD.double().cpu().numpy() @ encoder_dD.T
        sums = sums_b[b]
        sums['count'] += len(x_nD)
        sums['residual'] += mode_propagator(missed_nyx) * len(x_nD)
        sums['power'] += mode_propagator(phi_pyx) * len(x_nD)
        sums['excess'] += own_nd.T @ own_nd - linear_nd.T @ linear_nd
    return sums_b
