"""`action`: how far the action of a reconstruction is from that of its field, draw by draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phi4hpc.blockspin import cost

if TYPE_CHECKING:
    from torch import Tensor


class Cost(cost.Cost):
    """The mean of ((S of the reconstruction - S of the field) / Omega)^2, at their own \
couplings."""

    def terms(self, mapped: cost.Mapped) -> Tensor:
        _, kappa, lam = mapped.ensemble
        before, after = (-2 * kappa * draws.hopping + (1 - 2 * lam) * draws.phi2 + lam * draws.phi4
                         for draws in mapped.fields)
        return (after - before).square()[:, None]
