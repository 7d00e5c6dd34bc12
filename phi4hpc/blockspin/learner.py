"""A model that learns on all ranks: its optimiser, and one step of it.

A cost is a function of means over the draws of all ranks. A step adds up each rank's part of these
means, takes the slope of the objective in them, and sends that back through its own part: the
ranks' gradients then add up to the gradient of the objective. MPI adds them, which is shared memory
within a node; or NCCL does, where each rank has a GPU of its own.

Suffixes: s draws of this rank, D sites, d latents, c terms of a cost, r ranks.
"""

import math
from collections.abc import Iterable

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.cost import Mapped
from phi4hpc.blockspin.objective import Objective
from phi4hpc.errors import UserError
from phi4hpc.parallel.communicator import Communicator

LARGEST = 1.0
"""Norm of a gradient. A longer one is shortened to this."""


class Diverged(UserError):
    """The objective of a training is no finite number any more."""


class Learner:
    """A model on all ranks of `comm` and its optimiser; inside a `process_group` on several ranks.

    All ranks begin with rank 0's weights. `rate` is the learning rate at a factor of one.
    """

    def __init__(self, comm: Communicator, model: Autoencoder, objective: Objective,
                 rate: float) -> None:
        self.comm, self.model, self.objective = comm, model, objective
        if comm.size > 1:
            first = {name: weight.cpu() for name, weight in model.state_dict().items()}
            model.load_state_dict(comm.bcast(first))
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        # Fused, Adam passes over the weights once. Else it would take a sixth of a dense step.
        self.optimiser = torch.optim.Adam(model.family.groups(model, rate), fused=True)
        self.rates = [group['lr'] for group in self.optimiser.param_groups]
        self.state = {'model': model, 'optimiser': self.optimiser}

    def set_rate(self, factor: float) -> None:
        """Let the next steps learn at `factor` times the rate of each group of parameters."""
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group['lr'] = factor * rate

    @property
    def rate(self) -> float:
        """The learning rate of the first group of parameters."""
        return self.optimiser.param_groups[0]['lr']

    def step(self, x_sD: Tensor, batch: int) -> dict[str, float]:
        """Make a step with this rank's part of a batch of `batch` draws.

        Returns each cost's value over the whole batch. Raises Diverged, on all ranks, where one is
        not finite.
        """
        y_sd = self.model.encode(x_sD)
        mapped = Mapped(self.model, x_sD, y_sd, self.model.decode(y_sd), self.objective.ensemble)
        parts = {name: term_sc.sum(0) / batch
                 for name, term_sc in self.objective.terms(mapped).items()}
        means = self._over_ranks(parts)
        values = self.objective.values(means)
        found = {name: value.item() for name, value in values.items()}
        if not all(map(math.isfinite, found.values())):
            raise Diverged(', '.join(f'{name} is {value}' for name, value in found.items()))
        slopes = torch.autograd.grad(self.objective.total(values), list(means.values()))
        self.optimiser.zero_grad()
        torch.autograd.backward(list(parts.values()),
                                [slope_c.to(part_c) for part_c, slope_c
                                 in zip(parts.values(), slopes, strict=True)])
        if self.comm.size > 1:
            add_over_ranks(self.comm, (weight.grad for weight in self.weights
                                       if weight.grad is not None))
        nn.utils.clip_grad_norm_(self.weights, LARGEST)
        self.optimiser.step()
        return found

    def _over_ranks(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the sums over ranks of their parts, as float64 variables to differentiate by."""
        sum_c = torch.cat(list(parts.values())).detach().double().cpu()
        if self.comm.size > 1:
            all_rc = np.empty((self.comm.size, len(sum_c)))
            self.comm.Allgatherv(sum_c.numpy(), all_rc)
            sum_c = torch.from_numpy(all_rc.sum(0))
        sums = sum_c.split([len(part_c) for part_c in parts.values()])
        return {name: each_c.clone().requires_grad_()
                for name, each_c in zip(parts, sums, strict=True)}


def add_over_ranks(comm: Communicator, gradients: Iterable[Tensor]) -> None:
    """Replace gradients by their sums over the ranks. Collective.

    Each goes by itself: to gather them in one message first takes longer than MPI takes for a few
    messages more.
    """
    for gradient in gradients:
        if dist.is_initialized():
            dist.all_reduce(gradient)
        else:
            sum_ = gradient.cpu().contiguous()                     # no copy of what is so already
            comm.Allreduce(None, sum_.numpy())                     # None: in place
            gradient.copy_(sum_)
