"""`magnetisation`: how far <M^2> and <M^4> of the reconstructions are from those of the fields.

The susceptibility and the Binder cumulant are made of these two. Odd moments vanish by symmetry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor


class Cost(cost.Cost):
    """The sum over k = 2 and 4 of (<M^k> of reconstructions / <M^k> of fields - 1)^2."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        """Return M^2 of the field and of its reconstruction, then M^4 of both."""
        import torch

        squares_n2 = torch.stack([mapped.x_nD.mean(1), mapped.z_nD.mean(1)], 1).square()
        return torch.cat([squares_n2, squares_n2.square()], 1)

    def value(self, mean_c: Tensor) -> Tensor:
        second, second_back, fourth, fourth_back = mean_c
        return (second_back / second - 1).square() + (fourth_back / fourth - 1).square()
