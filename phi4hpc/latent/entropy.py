"""The entropy that each direction of latent space explains, beside its Fisher information.

The component u of a direction e, in units in which its variance is one, moves the decoded field
along J e. Its manifold entropy is h(u) + <ln |J e|>, with h the differential entropy (Galperin,
Koethe, arXiv:2410.19426, "manifold entropic metrics"); here it is above that of noise at a site,

    H = h(u) + <ln |J e|> - ln(2 pi e sigma^2) / 2.

It equals ln(information) / 2 where u is normal and the decoder linear. A component with two peaks,
such as M has in the broken phase, explains less than its variance says, and so does one along which
the decoder is flat at most draws.

Suffixes: n draws, B blocks, d latents, r directions, i bins.
"""

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

Sums = dict[str, np.ndarray]

BINS = 32
WIDEST = 4.0
"""Standard deviations that the bins reach to, on both sides; what lies beyond is in the last."""


def analyse(comm: Communicator, model: Autoencoder, into_rd: np.ndarray, power_Br: np.ndarray,
            sigma2: float, phi_nyx: Fields, first: int, total: int,
            tally: Tally = NOWHERE) -> Sums:
    """Return `entropy`, in nats, and `entropy_error` of directions (r,).

    `into_rd` takes latents to components of unit variance, `power_Br` is |J e|^2 at draws of
    different blocks, and sigma2 the loss of a site. `phi_nyx` are the draws of this rank, numbered
    from `first` of `total` over all ranks. Collective.
    """
    slices = block_slices(first, len(phi_nyx), total)
    sums_b = [{'counts': np.zeros((len(into_rd), BINS))} for _ in slices]
    for b, piece in tally.over('entropy', pieces(slices, model.L), sums_b):
        sums_b[b]['counts'] += counted(components(model, into_rd, phi_nyx[piece]))
    h_r, error_r = jackknife(comm, gather_blocks(comm, sums_b), differential_entropy)
    with np.errstate(all='ignore'):
        stretch_Br = np.log(power_Br) / 2
    noise = np.log(2 * np.pi * np.e * sigma2) / 2
    spread_r = stretch_Br.std(0) / np.sqrt(max(1, len(stretch_Br) - 1))
    return {'entropy': h_r + stretch_Br.mean(0) - noise,
            'entropy_error': np.hypot(error_r, spread_r)}


@torch.no_grad()
def components(model: Autoencoder, into_rd: np.ndarray, phi_nyx: np.ndarray) -> np.ndarray:
    """Return the components of the latents of some fields, (n, r)."""
    x_nD = as_rows(phi_nyx, next(model.parameters()))
    return model.encode(x_nD).double().cpu().numpy() @ into_rd.T


def counted(component_nr: np.ndarray) -> np.ndarray:
    """Return how many components are in each bin, the mean over u and -u, (r, i)."""
    count = component_nr.shape[1]
    bin_nr = np.floor((component_nr / WIDEST + 1) * BINS / 2).clip(0, BINS - 1).astype(int)
    flat = (bin_nr + BINS * np.arange(count)).ravel()
    counts_ri = np.bincount(flat, minlength=count * BINS).reshape(count, BINS)
    return (counts_ri + counts_ri[:, ::-1]) / 2


def differential_entropy(sums: Sums) -> np.ndarray:
    """Return h(u) (r,) from counts in bins, with the bias of few draws taken off (Miller 1955)."""
    counts_ri = sums['counts']
    number_r1 = counts_ri.sum(1, keepdims=True)
    part_ri = counts_ri / number_r1
    with np.errstate(all='ignore'):
        term_ri = np.where(part_ri > 0, part_ri * np.log(part_ri), 0)
    # u and -u share a bin, so that half of the bins are counted.
    bias_r = ((counts_ri > 0).sum(1) / 2 - 1) / (2 * number_r1[:, 0])
    return np.log(2 * WIDEST / BINS) - term_ri.sum(1) + bias_r
