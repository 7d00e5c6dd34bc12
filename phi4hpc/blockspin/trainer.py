"""Training: minimise <(x - A(x))^2>, the mean over sites and draws, from the linear optimum onwards.

The weights kept are those of the best epoch on the validation draws, the start among them: there no model
ends worse than the linear optimum. How well they do is told of test draws, which chose nothing.
Suffixes: n draws of this rank, y x lattice axes, D sites, s strata of this rank.
"""

import copy
import os
import shutil
import time

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from phi4hpc.blockspin import batches, journal, modelfile
from phi4hpc.blockspin.record import losses, mean, record
from phi4hpc.blockspin.shards import strata
from phi4hpc.logs import Progress
from phi4hpc.parallel.runcontrol import Action, Control


def train(comm, model, train_nyx, valid_nyx, test_nyx, *, path, epochs, batch, rate, seed, device='cpu',
          tensorboard=None, control=None, keep=2):
    """Train `model` in place inside a `process_group`, write it to `path`, return its record (record.record).

    `model` is fresh from families.build, `path` is <model>.pt. `train_nyx`, `valid_nyx` and `test_nyx` are this
    rank's draws, by shards.read_train with the same `batch` and shards.read_share. The outcome follows from the
    data, `seed` and the model's name; the number of ranks changes it by rounding alone. `control` is asked
    after each step: the last `keep` checkpoints are kept in <model>.ckpt, from which training resumes to the
    same bits on as many ranks, and None is returned where it says to stop. `tensorboard` is a directory for
    its event files. Raises UserError where a batch has fewer draws than there are ranks.
    """
    name, checkpoint = os.path.basename(path).removesuffix('.pt'), path.removesuffix('.pt') + '.ckpt'
    seeds = batches.seed_of(seed, name)
    settings = {'epochs': epochs, 'batch': batch, 'rate': rate, 'seed': seed}
    phi_nyx = _on(device, train_nyx)
    valid_nD, test_nD = (_on(device, held_out_nyx).flatten(1) for held_out_nyx in (valid_nyx, test_nyx))
    total = comm.allreduce(len(phi_nyx))
    numbers, bounds = strata(total, batch, comm.size, comm.rank)
    batch, bounds = min(batch, total), np.subtract(bounds, bounds[0])
    steps = total // batch
    learner = Learner(comm, model.to(device), rate, epochs * steps, phi_nyx[:1].flatten(1))
    start_n = losses(model, test_nD)
    past = _start(comm, model, valid_nD) | journal.resume(comm, checkpoint, settings, learner.state, device)

    control, began = control or Control(comm), time.monotonic()
    control.begin()
    with journal.tensorboard_writer(comm, tensorboard, past['epoch']) as board, \
            Progress(f'train {name}', epochs * steps, comm.rank) as progress:
        progress.skip(past['epoch'] * steps + past['step'])
        while past['epoch'] < epochs:
            plan = batches.plan(seeds, past['epoch'] + 1, numbers, bounds, steps, phi_nyx.shape[-1])
            for _ in _steps(learner, past, plan, phi_nyx, batch):
                progress.advance()
                action = control.ask()
                if action:
                    seconds = past['seconds'] + time.monotonic() - began
                    journal.keep(comm, checkpoint, keep, {**past, 'seconds': seconds}, settings, learner.state)
                if action is Action.STOP:
                    return None
            _end_epoch(comm, model, past, valid_nD)
            board(past, learner.schedule.get_last_lr()[0])

    model.load_state_dict(past['weights'])
    past['seconds'] += time.monotonic() - began
    told = record(comm, model, past, start_n, losses(model, test_nD), steps, total)
    if comm.rank == 0:
        modelfile.save(path, model)
        shutil.rmtree(checkpoint, ignore_errors=True)
    comm.Barrier()
    return told


def _start(comm, model, valid_nD):
    """Return the past of a training before its first epoch: `step` and `sum` are of the epoch that is not complete,
    its steps, and this rank's sum of their losses."""
    return {'epoch': 0, 'step': 0, 'sum': 0.0, 'train': [], 'validation': [mean(comm, losses(model, valid_nD))],
            'seconds': 0.0, 'best': 0, 'weights': copy.deepcopy(model.state_dict())}


def _steps(learner, past, plan, phi_nyx, batch):
    """Make the steps of an epoch's batches.plan that are left, and yield after each."""
    for draw_s, shift_sm in zip(*(part[past['step']:] for part in plan), strict=True):
        past['sum'] += learner.step(batches.take(phi_nyx, draw_s, shift_sm), batch)
        past['step'] += 1
        yield


def _end_epoch(comm, model, past, valid_nD):
    """Write down an epoch in the past, once its steps are made."""
    past['train'].append(sum(comm.allgather(float(past['sum']))) / past['step'])
    past['validation'].append(mean(comm, losses(model, valid_nD)))
    past |= {'epoch': past['epoch'] + 1, 'step': 0, 'sum': 0.0}
    if past['validation'][-1] < past['validation'][past['best']]:
        past |= {'best': past['epoch'], 'weights': copy.deepcopy(model.state_dict())}


class Learner:
    """A model on all ranks of `comm`, with its optimiser and the fall of its rate over so many steps."""

    def __init__(self, comm, model, rate, steps, x_nD):
        self.comm, self.net = comm, DistributedDataParallel(model)
        # DDP orders its buckets anew after the first backward pass, and sums over ranks round according to that order:
        # without this one, on any fields, the first step after resuming would differ.
        self.net(x_nD).sum().backward()
        self.optimiser = torch.optim.Adam(_rates(model, rate))
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
        self.state = {'model': model, 'optimiser': self.optimiser, 'schedule': self.schedule}

    def step(self, x_sD, batch):
        """Make a step with this rank's part of a batch of so many draws; return its part of the loss, on the device."""
        loss = (x_sD - self.net(x_sD)).square().mean(1).sum() / batch
        self.optimiser.zero_grad()
        (self.comm.size * loss).backward()  # the loss is a sum over ranks, of which DDP takes the mean
        self.optimiser.step()
        self.schedule.step()
        return loss.detach().double()


def _rates(model, rate):
    """Return Adam's groups: the linear path, whose entries are of size 1/sqrt(D), moves that much slower."""
    linear = [layer.weight for layer in model.linear_path()]
    rest = [p for p in model.parameters() if all(p is not weight for weight in linear)]
    groups = [{'params': rest, 'lr': rate}, {'params': linear, 'lr': rate / model.sites**0.5}]
    return [group for group in groups if group['params']]


def _on(device, phi_nyx):
    return torch.from_numpy(np.ascontiguousarray(phi_nyx, dtype=np.float32)).to(device)
