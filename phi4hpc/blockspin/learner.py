"""A model that learns on all ranks: its optimiser, and one step of it.

A cost is a function of means over the draws of all ranks. A step adds up each rank's part of these means, takes the
slope of the objective in them, and sends that back through its own part: the ranks' gradients then add up to the
gradient of the objective. Suffixes: s draws of this rank, D sites, c terms of a cost.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.cost import Mapped
from phi4hpc.blockspin.objective import Objective
from phi4hpc.parallel.communicator import Communicator


class Both(nn.Module):
    """A model as a function that returns its latents and its reconstructions."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, x_sD: Tensor) -> tuple[Tensor, Tensor]:
        """Return (y_sd, z_sD)."""
        y_sd = self.model.encode(x_sD)
        return y_sd, self.model.decode(y_sd)


class Learner:
    """A model on all ranks of `comm` inside a `process_group`, with its optimiser; the rate falls over `steps` steps.

    `x_nD` are some fields, any fields.
    """

    def __init__(self, comm: Communicator, model: Autoencoder, objective: Objective, rate: float, steps: int,
                 x_nD: Tensor) -> None:
        self.comm, self.model, self.objective = comm, model, objective
        self.net = DistributedDataParallel(Both(model))
        # DDP orders its buckets anew after the first backward pass, and sums over ranks round according to that order.
        # Without a pass here the first step after a training was resumed would differ.
        self.net(x_nD)[1].sum().backward()
        self.optimiser = torch.optim.Adam(model.family.groups(model, rate))
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimiser, steps)
        self.state = {'model': model, 'optimiser': self.optimiser, 'schedule': self.schedule}

    @property
    def rate(self) -> float:
        """The learning rate of the first group of parameters."""
        return self.schedule.get_last_lr()[0]

    def step(self, x_sD: Tensor, batch: int) -> dict[str, float]:
        """Make a step with this rank's part of a batch of `batch` draws; return each cost's value over the batch."""
        mapped = Mapped(self.model, x_sD, *self.net(x_sD))
        parts = {name: term_sc.sum(0) / batch for name, term_sc in self.objective.terms(mapped).items()}
        means = self._over_ranks(parts)
        values = self.objective.values(means)
        slopes = torch.autograd.grad(self.objective.total(values), list(means.values()))
        loss = sum((part_c * slope_c.to(part_c)).sum() for part_c, slope_c in zip(parts.values(), slopes, strict=True))
        self.optimiser.zero_grad()
        (self.comm.size * loss).backward()  # DDP divides the sum of the ranks' gradients by their number
        self.optimiser.step()
        self.schedule.step()
        return {name: value.item() for name, value in values.items()}

    def _over_ranks(self, parts: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the sums over ranks of what each has of the means, in float64, to be differentiated by."""
        mine_c = torch.cat(list(parts.values())).detach().double().cpu().numpy()
        all_rc = np.empty((self.comm.size, len(mine_c)))
        self.comm.Allgatherv(mine_c, all_rc)
        sums = torch.from_numpy(all_rc.sum(0)).split([len(part_c) for part_c in parts.values()])
        return {name: sum_c.clone().requires_grad_() for name, sum_c in zip(parts, sums, strict=True)}
