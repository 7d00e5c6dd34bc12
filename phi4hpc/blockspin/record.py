"""How well an autoencoder does on draws spread over ranks, and the record of its training."""

import numpy as np
import torch

from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

CHUNK = 2**20                    # sites that are mapped at a time


@torch.no_grad()
def losses(model, x_nD):
    """Return the mean over sites of (x - A(x))^2 for each draw, in float64."""
    step = max(1, CHUNK // model.sites)
    chunks = (x_nD[first:first + step] for first in range(0, len(x_nD), step))
    return np.concatenate([(x - model(x)).double().square().mean(1).cpu().numpy() for x in chunks])


def mean(comm, loss_n):
    """Return the mean over the draws of all ranks, the same bits on each."""
    sums = comm.allgather((len(loss_n), loss_n.sum()))
    return float(sum(s for _, s in sums) / sum(n for n, _ in sums))


def record(comm, model, past, start_n, final_n, steps, total):
    """Return what is known of a finished training, as plain values.

    `start_n` and `final_n` are the losses of this rank's test draws, before training and with the weights kept.
    `linear_optimum` and `loss` are their means a site; `ratio` is the one over the other. Errors are by jackknife
    over blocks of neighbouring draws; that of the ratio is small, since both are of the same draws. These draws
    chose nothing, so nothing favours the ratio. `train_losses` are means over an epoch, `validation_losses` begin
    with the start.
    """
    count_r = comm.allgather(len(start_n))
    slices = block_slices(sum(count_r[:comm.rank]), len(start_n), sum(count_r))
    sums_n3 = np.stack([np.ones_like(start_n), start_n, final_n], axis=1)
    blocks = gather_blocks(comm, [{'losses': sums_n3[part].sum(axis=0)} for part in slices])
    value, error = (array.tolist() for array in jackknife(comm, blocks, _means_and_ratio))
    return {
        'family': model.family, 'sites': model.sites, 'latent': model.latent, 'hidden': model.hidden,
        'linear_optimum': value[0], 'linear_optimum_error': error[0],
        'loss': value[1], 'loss_error': error[1], 'ratio': value[2], 'ratio_error': error[2],
        'train_losses': past['train'], 'validation_losses': past['validation'], 'best_epoch': past['best'],
        'train_draws': total, 'test_draws': sum(count_r),
        'steps': steps * past['epoch'], 'seconds': past['seconds'],
    }


def _means_and_ratio(sums):
    count, start, final = sums['losses']
    return np.array([start / count, final / count, final / start])
