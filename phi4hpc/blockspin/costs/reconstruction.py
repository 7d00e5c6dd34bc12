"""`reconstruction`: the mean squared error of a site, (x - A(x))^2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor


class Cost(cost.Cost):
    """The mean squared error of a site."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        return (mapped.x_nD - mapped.z_nD).square().mean(1, keepdim=True)
