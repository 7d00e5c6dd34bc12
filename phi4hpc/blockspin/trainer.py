"""Training: minimise <(x - A(x))^2>, the mean over sites and draws, from the linear optimum onwards.

The weights kept are those of the best epoch on the validation draws, the start among them: there no model ends worse
than the linear optimum. Suffixes: n draws of this rank, y x lattice axes, D sites, s strata of this rank.
"""

import contextlib
import copy
import os
import time

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from phi4hpc.blockspin import batches, modelfile
from phi4hpc.blockspin.jackknife import block_slices, gather_blocks, jackknife
from phi4hpc.blockspin.shards import strata
from phi4hpc.logs import Progress, log

CHUNK = 1024
INTERVAL = 30.0


def train(comm, model, train_nyx, valid_nyx, *, path, epochs, batch, rate, seed, device='cpu', tensorboard=None,
          stop=lambda: False):
    """Train `model` in place inside a `process_group`, write it to `path`, and return the record: plain values.

    `model` is fresh from families.build, `path` is <model>.pt. `train_nyx` and `valid_nyx` are this rank's draws, by
    shards.read_train with the same `batch` and shards.read_valid. The outcome follows from the data, `seed` and the model's
    name; the number of ranks changes it by rounding alone. A checkpoint <model>.ckpt.pt is kept meanwhile, from which training
    resumes to the same bits. `stop()`, the same on every rank, is asked after each epoch; once true, a checkpoint is written and
    None returned. `tensorboard` is a directory for its event files. Raises UserError where a batch has fewer draws than there are ranks.
    """
    name, checkpoint = os.path.basename(path).removesuffix('.pt'), path.removesuffix('.pt') + '.ckpt.pt'
    settings = {'epochs': epochs, 'batch': batch, 'rate': rate, 'seed': seed}

    phi_nyx, valid_nD = _on(device, train_nyx), _on(device, valid_nyx).flatten(1)
    total = comm.allreduce(len(phi_nyx))
    numbers, bounds = strata(total, batch, comm.size, comm.rank)
    batch, bounds = min(batch, total), np.subtract(bounds, bounds[0])
    steps = total // batch

    net = DistributedDataParallel(model.to(device))
    optimiser = torch.optim.Adam(_rates(model, rate))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * steps)
    state = {'model': model, 'optimiser': optimiser, 'schedule': schedule}

    start_n = _losses(model, valid_nD)
    past = {'epoch': 0, 'train': [], 'validation': [_mean(comm, start_n)], 'seconds': 0.0, 'best': 0, 'weights': _weights(model)}
    past |= _resume(comm, checkpoint, settings, state, device)

    began = saved = time.monotonic()
    with _board(comm, tensorboard, past['epoch']) as board, \
            Progress(f'train {name}', (epochs - past['epoch']) * steps, comm.rank) as progress:
        for epoch in range(past['epoch'] + 1, epochs + 1):
            plan = batches.plan(batches.seed_of(seed, name), epoch, numbers, bounds, steps, phi_nyx.shape[-1])
            running = torch.zeros((), dtype=torch.float64, device=device)
            for draw_s, shift_sm in zip(*plan, strict=True):
                x_sD = batches.take(phi_nyx, draw_s, shift_sm)
                loss = (x_sD - net(x_sD)).square().mean(1).sum() / batch
                optimiser.zero_grad()
                (comm.size * loss).backward()  # the loss is a sum over ranks, of which DDP takes the mean
                optimiser.step()
                schedule.step()
                running += loss.detach()
                progress.advance()

            past['epoch'] = epoch
            past['train'].append(sum(comm.allgather(running.item())) / steps)
            past['validation'].append(_mean(comm, _losses(model, valid_nD)))
            if past['validation'][-1] < past['validation'][past['best']]:
                past |= {'best': epoch, 'weights': _weights(model)}
            board(past, schedule.get_last_lr()[0])

            stopping = epoch < epochs and stop()
            if comm.rank == 0 and (stopping or time.monotonic() - saved > INTERVAL):
                saved = time.monotonic()
                _save(checkpoint, {**past, 'seconds': past['seconds'] + saved - began}, settings, state)
            if stopping:
                return None

    model.load_state_dict(past['weights'])
    past['seconds'] += time.monotonic() - began
    if comm.rank == 0:
        modelfile.save(path, model)
        with contextlib.suppress(FileNotFoundError):
            os.remove(checkpoint)
    return _record(comm, model, past, start_n, _losses(model, valid_nD), steps, total)


def _rates(model, rate):
    """Return Adam's parameter groups: the linear path, whose entries are of size 1/sqrt(D), moves that much slower."""
    linear = [layer.weight for layer in model.linear_path()]
    rest = [p for p in model.parameters() if all(p is not weight for weight in linear)]
    groups = [{'params': rest, 'lr': rate}, {'params': linear, 'lr': rate / model.sites**0.5}]
    return [group for group in groups if group['params']]


def _on(device, phi_nyx):
    return torch.from_numpy(np.ascontiguousarray(phi_nyx, dtype=np.float32)).to(device)


def _weights(model):
    return copy.deepcopy(model.state_dict())


@torch.no_grad()
def _losses(model, x_nD):
    """Return the mean over sites of (x - A(x))^2 for each draw, in float64."""
    chunks = (x_nD[first:first + CHUNK] for first in range(0, len(x_nD), CHUNK))
    return np.concatenate([(x - model(x)).double().square().mean(1).cpu().numpy() for x in chunks])


def _mean(comm, loss_n):
    """Return the mean over the draws of all ranks, the same bits on each."""
    sums = comm.allgather((len(loss_n), loss_n.sum()))
    return float(sum(s for _, s in sums) / sum(n for n, _ in sums))


def _record(comm, model, past, start_n, final_n, steps, total):
    """Return what is known of a finished training; `ratio` is validation loss over that of the linear optimum."""
    count_r = comm.allgather(len(start_n))
    slices = block_slices(sum(count_r[:comm.rank]), len(start_n), sum(count_r))
    sums_n3 = np.stack([np.ones_like(start_n), start_n, final_n], axis=1)
    blocks = gather_blocks(comm, slices, lambda part: {'losses': sums_n3[part].sum(axis=0)})
    value, error = jackknife(comm, blocks, _means_and_ratio)
    names = ('linear_optimum', 'loss', 'ratio')
    return {'family': model.family, 'sites': model.sites, 'latent': model.latent, 'hidden': model.hidden,
            **dict(zip(names, value.tolist(), strict=True)),
            **dict(zip([f'{n}_error' for n in names], error.tolist(), strict=True)),
            'train_losses': past['train'], 'validation_losses': past['validation'], 'best_epoch': past['best'],
            'train_draws': total, 'validation_draws': sum(count_r), 'steps': steps * past['epoch'], 'seconds': past['seconds']}


def _means_and_ratio(sums):
    count, start, final = sums['losses']
    return np.array([start / count, final / count, final / start])


def _save(checkpoint, past, settings, state):
    modelfile.write(checkpoint, {'past': past, 'settings': settings, **{k: v.state_dict() for k, v in state.items()}})


def _resume(comm, checkpoint, settings, state, device):
    """Set `state` to that of the checkpoint and return its past; return {} where there is none, or of other settings."""
    if not comm.bcast(os.path.exists(checkpoint)):
        return {}
    content = modelfile.read(checkpoint, device)
    if content['settings'] != settings:
        log.info('%s is of a training with other settings: not used', checkpoint)
        return {}
    for key, holder in state.items():
        holder.load_state_dict(content[key])
    log.info('resuming %s after epoch %d', checkpoint, content['past']['epoch'])
    return content['past']


@contextlib.contextmanager
def _board(comm, directory, epoch):
    """Yield a function (past, rate) that writes an epoch's losses for TensorBoard, on rank 0 and where `directory` is given."""
    if directory is None or comm.rank:
        yield lambda past, rate: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(directory, purge_step=epoch + 1) as writer:
        def write(past, rate):
            for tag, value in (('loss/train', past['train'][-1]), ('loss/validation', past['validation'][-1]),
                               ('loss/ratio_to_linear_optimum', past['validation'][-1] / past['validation'][0]), ('rate', rate)):
                writer.add_scalar(tag, value, past['epoch'])

        yield write
