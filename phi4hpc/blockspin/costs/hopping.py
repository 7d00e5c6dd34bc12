"""`hopping`: how far the hopping energy of the reconstructions is from that of the fields."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor


class Cost(cost.Cost):
    """(<H> of reconstructions / <H> of fields - 1)^2, H = sum over x, mu of phi(x) phi(x+mu)."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        """Return the hopping energy a site of the field, and of its reconstruction."""
        import torch

        return torch.stack([draws.hopping for draws in mapped.fields], -1)

    def value(self, mean_c: Tensor) -> Tensor:
        before, after = mean_c
        return (after / before - 1).square()
