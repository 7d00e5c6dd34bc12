"""What a model still gains where its latents are read with noise: how much is held in fine digits.

A latent is a real number, and without noise its digits may hold several modes: a gain that fades
under noise was held there. Each latent gets noise of a standard deviation that is a `width` times
its own root mean square. The loss is then compared with that of the best linear code of the same
latent size under the same noise, which follows from G(p) (blockspin/optimum.py): as latents may be
mixed, it is the same whether each of them has the power one or all of them in the mean.

With that noise d latents hold at most d / 2 ln(1 + 1 / width^2) (Shannon, Proc. IRE 37 (1949) 10).
So what any code could gain on Gaussian fields of the same G(p), by whatever use of digits, has a
limit, and a gain beyond it is of what is not Gaussian in the ensemble.

Near kappa_c one number alone is far from Gaussian: M has two peaks. So there is a second limit, of
fields that are Gaussian apart from M, which is independent of all else and has the distribution
that it has in the ensemble. Let J be what the entropy of M is less than that of a normal number of
its variance. To know M to a given error takes at most J nats less than a normal number does
(Shannon's lower bound), so no code of such fields that holds R nats loses less than one of Gaussian
fields that holds R + J. A gain beyond that limit is of more than the two peaks of M.

What noise adds to a loss is mostly a sum over latents, of each with the square of its noise. So the
NOISES of a draw are a Latin hypercube (McKay, Beckman and Conover, Technometrics 21 (1979) 239): in
each latent one from every NOISES-th part of the normal distribution, in an order of its own. Each
by itself is normal and independent between latents, so means are those of independent noise; the
mean square of the noise of a latent deviates by 0.28 of what that of one does, in place of 0.41.

Shapes: n draws, D sites, d latents, w widths, o orbits of momenta, k noises of a draw.
"""

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.optimum import shannon, water_filling
from phi4hpc.latent.entropy import BINS, counted, differential_entropy
from phi4hpc.latent.momentum import Sums, transformed
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.lattice.orbits import momenta, numbered
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, deleted, deleted_error, gather_blocks

WIDTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
NOISES = 6


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
            tally: Tally = NOWHERE) -> Sums:
    """Return `width` (w,), and `gain` over the best linear code at each, with `gain_error`, and
    `gain_deleted` (b, w) with each block of draws deleted; and the `limit` (w,) of such gains on
    Gaussian fields, with `excess`, the gain beyond it, and `excess_error`. `limit_m` and so on are
    the same of fields that are Gaussian apart from M.

    `phi_nyx` are the draws of this rank, numbered from `first` of `total` over all ranks. Errors
    are by jackknife. Returns nothing where nothing is lost, or where no latent varies. Collective.
    """
    slices, count_o = block_slices(first, len(phi_nyx), total), momenta(model.L)
    own = pieces(slices, model.L)
    whole = {'squares': np.zeros(model.latent), 'M': np.zeros(1)}
    for _, piece in tally.over('precision-scale', own, [whole]):
        whole['squares'] += read(model, phi_nyx[piece]).square().sum(0).numpy()
        whole['M'] += (magnetisations(phi_nyx[piece])**2).sum()
    scale_d, scale_m = (np.sqrt(comm.allreduce(whole[name]) / total) for name in whole)
    if model.latent == model.sites or not scale_d.any():
        return {}
    sums_b = [{'count': np.zeros(1), 'loss': np.zeros(len(WIDTHS)), 'power': np.zeros(len(count_o)),
               'counts': np.zeros((1, BINS)), 'square': np.zeros(1)} for _ in slices]
    for b, piece in tally.over('precision', own, sums_b):
        add(sums_b[b], model, phi_nyx[piece], first + piece.start, torch.from_numpy(scale_d))
        u_n1 = magnetisations(phi_nyx[piece])[:, None] / scale_m
        sums_b[b]['counts'] += counted(u_n1)
        sums_b[b]['square'] += (u_n1**2).sum()

    def gains(sums: Sums) -> np.ndarray:
        power_yx = (sums['power'] / sums['count'] / count_o)[numbered(model.L)]
        linear_w, *least_2w = bounds(power_yx, model.latent, not_normal(sums))
        loss_w = sums['loss'] / sums['count']
        return np.stack([1 - loss_w / linear_w, *((least_w - loss_w) / linear_w
                                                  for least_w in least_2w)])

    value_3w, value_b3w = deleted(comm, gather_blocks(comm, sums_b), gains)
    (gain_w, *excess_2w), (gain_error_w, *error_2w) = value_3w, deleted_error(value_b3w)
    found = {'width': np.array(WIDTHS), 'gain': gain_w, 'gain_error': gain_error_w,
             'gain_deleted': value_b3w[:, 0]}
    for kind, excess_w, error_w in zip(('', '_m'), excess_2w, error_2w, strict=True):
        found |= {f'limit{kind}': gain_w - excess_w, f'excess{kind}': excess_w,
                  f'excess{kind}_error': error_w}
    return found


def bounds(propagator_yx: np.ndarray, latent: int, nats: float) -> tuple[np.ndarray, ...]:
    """Return the loss of a site of the best linear code at each width, the least loss of any code
    of Gaussian fields, and that of one that is spared these `nats`.
    """
    held_w = latent / 2 * np.log1p(1 / np.square(WIDTHS))
    linear_w = [water_filling(propagator_yx, latent, width)[1] for width in WIDTHS]
    return (np.array(linear_w), np.array([shannon(propagator_yx, held) for held in held_w]),
            np.array([shannon(propagator_yx, held + nats) for held in held_w]))


def magnetisations(phi_nyx: np.ndarray) -> np.ndarray:
    """Return M of fields, (n,)."""
    return phi_nyx.mean((1, 2), dtype=np.float64)


def not_normal(sums: Sums) -> float:
    """Return J, what the entropy of M is less than that of a normal number of its variance, 0 at
    least."""
    variance = (sums['square'] / sums['count'])[0]
    return max(0.0, float(np.log(2 * np.pi * np.e * variance) / 2
                          - differential_entropy(sums)[0]))


def add(sums: Sums, model: Autoencoder, phi_nyx: np.ndarray, first: int, scale_d: Tensor) -> None:
    """Add draws, numbered from `first`, to sums: their number, |phi~(p)|^2 / Omega over orbits, and
    the mean squared error of a site at each width.
    """
    power_yx = (abs(transformed(phi_nyx)) ** 2).sum(0) / model.sites
    x_nD, y_nd = as_rows(phi_nyx, scale_d), read(model, phi_nyx)
    sums['count'] += len(x_nD)
    for noise_nd in scale_d * noises(first, len(x_nD), model.latent):
        sums['loss'] += [(x_nD - decoded(model, y_nd + width * noise_nd)).square().mean(1).sum()
                         .item() / NOISES for width in WIDTHS]
    sums['power'] += np.bincount(numbered(model.L).flat, power_yx.flat)


def noises(first: int, count: int, latents: int) -> Tensor:
    """Return the noises of draws that are numbered from `first` on, (k, n, d).

    They follow from the number of the draw, and so are the same on any number of ranks; those of
    the first latents are the same for all models.
    """
    random_nk2d = np.stack([np.random.default_rng((1, first + n)).random((latents, 2, NOISES)).T
                            for n in range(count)])
    within_nkd, order_nkd = random_nk2d[:, :, 0], random_nk2d[:, :, 1].argsort(1)
    return torch.from_numpy(ndtri((order_nkd + within_nkd) / NOISES)).transpose(0, 1)


@torch.no_grad()
def read(model: Autoencoder, phi_nyx: np.ndarray) -> Tensor:
    """Return the latents of fields, in float64 on the host."""
    return model.encode(as_rows(phi_nyx, next(model.parameters()))).double().cpu()


@torch.no_grad()
def decoded(model: Autoencoder, y_nd: Tensor) -> Tensor:
    """Return the fields of latents, in float64 on the host."""
    return model.decode(y_nd.to(next(model.parameters()))).double().cpu()
