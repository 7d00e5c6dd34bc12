"""`propagator`: how far G(p) of the reconstructions is from that of the fields, at each \
momentum."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor


class Cost(cost.Cost):
    """The mean over momenta of (G of reconstructions / G of fields - 1)^2, on axes and \
diagonals."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        """Return |phi~(p)|^2 / Omega of the field at each momentum, then of its reconstruction."""
        import torch

        lines = [(draws.axis_propagator, draws.diagonal_propagator) for draws in mapped.fields]
        return torch.cat([torch.cat(of_draws, -1) for of_draws in lines], -1)

    def value(self, mean_c: Tensor) -> Tensor:
        before_p, after_p = mean_c.chunk(2)
        return (after_p / before_p - 1).square().mean()
