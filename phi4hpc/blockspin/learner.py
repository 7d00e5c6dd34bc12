"""A model that learns on all ranks: its optimiser, and one step of it.

A cost is a function of means over the draws of all ranks. A step adds up each rank's part of these
means, takes the slope of the objective in them, and sends that back through its own part: the
ranks' gradients then add up to the gradient of the objective. Where every cost is such a mean, the
slope does not depend on it, and ranks wait for each other once in a step, not twice.
DistributedDataParallel adds gradients, by MPI unless each rank has a GPU of its own: within a node
that is shared memory, where gloo goes through the network's loopback.

Suffixes: s draws of this rank, D sites, d latents, c terms of a cost, r ranks.
"""

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.cost import Mapped
from phi4hpc.blockspin.objective import Objective
from phi4hpc.errors import UserError
from phi4hpc.parallel.communicator import Communicator

LARGEST = 1.0
"""Norm of a gradient. A longer one is shortened to this."""
BUCKET = 1024
"""MiB, more than a model has: all gradients go in one message."""


class Diverged(UserError):
    """The objective of a training is no finite number any more."""


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
    """A model on all ranks of `comm` and its optimiser; inside a `process_group` on several ranks.

    All ranks begin with rank 0's weights. `rate` is the learning rate at a factor of one.
    """

    def __init__(self, comm: Communicator, model: Autoencoder, objective: Objective,
                 rate: float) -> None:
        self.comm, self.model, self.objective = comm, model, objective
        self.net = Both(model) if comm.size == 1 else self._over_all_ranks()
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        # Fused, Adam passes over the weights once. Else it would take a sixth of a dense step.
        self.optimiser = torch.optim.Adam(model.family.groups(model, rate), fused=True)
        self.rates = [group['lr'] for group in self.optimiser.param_groups]
        self.state = {'model': model, 'optimiser': self.optimiser}

    def _over_all_ranks(self) -> DistributedDataParallel:
        with warnings.catch_warnings():
            # New versions of torch call this option by another name, which older ones do not know.
            warnings.simplefilter('ignore', FutureWarning)
            net = DistributedDataParallel(Both(self.model), bucket_cap_mb=BUCKET,
                                          broadcast_buffers=False, gradient_as_bucket_view=True)
        by_nccl = dist.get_backend() == 'nccl'
        net.register_comm_hook(self.comm, sum_by_nccl if by_nccl else sum_by_mpi)
        # DDP orders its buckets anew after the first backward pass, and sums over ranks round
        # according to that order. Without a pass here the first step after a training was resumed
        # would differ.
        weight = next(self.model.parameters())
        net(weight.new_zeros(1, self.model.sites))[1].sum().backward()
        return net

    def set_rate(self, factor: float) -> None:
        """Let the next steps learn at `factor` times the rate of each group of parameters."""
        for group, rate in zip(self.optimiser.param_groups, self.rates, strict=True):
            group['lr'] = factor * rate

    @property
    def rate(self) -> float:
        """The learning rate of the first group of parameters."""
        return self.optimiser.param_groups[0]['lr']

    def go_back(self, weights: Mapping[str, Tensor]) -> None:
        """Take up earlier weights, and forget the moments that Adam has of later gradients."""
        self.model.load_state_dict(weights)
        self.optimiser.state.clear()

    def step(self, x_sD: Tensor, batch: int) -> dict[str, float]:
        """Make a step with this rank's part of a batch of `batch` draws.

        Returns each cost's value over the whole batch. Raises Diverged, on all ranks, where one is
        not finite.
        """
        y_sd, z_sD = self.net(x_sD)
        mapped = Mapped(self.model, x_sD, y_sd, z_sD, self.objective.ensemble)
        parts = {name: term_sc.sum(0) / batch
                 for name, term_sc in self.objective.terms(mapped).items()}
        if self.objective.all_means:
            self._backward(self.objective.values(parts))
        values = self.objective.values(over_ranks(parts, self.comm))
        if not self.objective.all_means:
            self._backward(values)
        found = {name: value.item() for name, value in values.items()}
        if not all(map(math.isfinite, found.values())):
            raise Diverged(', '.join(f'{name} is {value}' for name, value in found.items()))
        self._shorten()
        self.optimiser.step()
        return found

    def _backward(self, values: Mapping[str, Tensor]) -> None:
        # On several ranks gradients are views of DDP's bucket, and stay it where they are set to 0.
        # The optimiser's own function for this takes six times as long.
        for weight in self.weights:
            if self.comm.size == 1 or weight.grad is None:
                weight.grad = None
            else:
                weight.grad.zero_()
        self.objective.total(values).backward()

    def _shorten(self) -> None:
        """Bring gradients to the length LARGEST where they are longer.

        torch's function alone would pass over all of them to multiply them by one, mostly.
        """
        lengths = [torch.linalg.vector_norm(weight.grad) for weight in self.weights
                   if weight.grad is not None]
        if torch.linalg.vector_norm(torch.stack(lengths)) > LARGEST:
            nn.utils.clip_grad_norm_(self.weights, LARGEST)


def over_ranks(parts: Mapping[str, Tensor], comm: Communicator) -> dict[str, Tensor]:
    """Return the sums over ranks of the ranks' parts (c,) of each cost's means."""
    sum_c = _OverRanks.apply(torch.cat(list(parts.values())), comm)
    sums = sum_c.split([len(part_c) for part_c in parts.values()])
    return dict(zip(parts, sums, strict=True))


class _OverRanks(torch.autograd.Function):
    """The sum over ranks of their parts, in float64 on the host.

    The slope in the sum is the slope in each part.
    """

    @staticmethod
    def forward(ctx: Any, part_c: Tensor, comm: Communicator) -> Tensor:
        ctx.like = part_c.device, part_c.dtype
        sum_c = part_c.double().cpu()
        if comm.size == 1:
            return sum_c
        all_rc = np.empty((comm.size, len(sum_c)))
        comm.Allgatherv(sum_c.numpy(), all_rc)
        return torch.from_numpy(all_rc.sum(0))

    @staticmethod
    def backward(ctx: Any, slope_c: Tensor) -> tuple[Tensor, None]:
        return slope_c.to(*ctx.like), None


def sum_by_mpi(comm: Communicator,
               bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    """Return the sum over ranks of the gradients in `bucket`, in the form that DDP asks for.

    Ranks that share a GPU sum by way of the host: NCCL wants a GPU for each rank, and gloo lets go
    on before its sum is back on the GPU, in torch before 2.11.
    """
    buffer = bucket.buffer()
    on_host = buffer.cpu()                                         # itself where it is there
    done: torch.futures.Future[Tensor] = torch.futures.Future()
    comm.Allreduce(None, on_host.numpy())                          # None: in place
    done.set_result(buffer.copy_(on_host))
    return done


def sum_by_nccl(_: Communicator, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    """Return the same of gradients on GPUs, where DDP's own sum would be divided by the ranks."""
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda done: done.value()[0])
