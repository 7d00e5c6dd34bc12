"""Layers that families make their encoders and decoders of, all odd under Z2: none has a bias.

The ensemble is nearly Gaussian, and what tanh does to a Gaussian is mostly linear. So a hidden unit
is s(z) = tanh(z) - a z, with a such that <z s(z)> = 0 for a unit normal z: what it adds to a linear
path is what is not linear, and does not compete with that path. The functions that a network can
represent are the same as with tanh.
"""

import torch
from torch import Tensor, nn

LINEAR_PART = 0.6057056
"""<z tanh z> of a unit normal z."""


def linear(inputs: int, outputs: int) -> nn.Linear:
    """Return the map z -> W z."""
    return nn.Linear(inputs, outputs, bias=False)


class Remainder(nn.Module):
    """The odd map z -> linear(z) + outer(s(inner(z)))."""

    def __init__(self, inputs: int, outputs: int, hidden: int) -> None:
        super().__init__()
        self.linear = linear(inputs, outputs)
        self.inner = linear(inputs, hidden)
        self.outer = linear(hidden, outputs)

    def forward(self, z: Tensor) -> Tensor:
        """Return the outputs (n, outputs) of the inputs (n, inputs)."""
        units = self.inner(z)
        return self.linear(z) + self.outer(torch.tanh(units) - LINEAR_PART * units)

    def slope(self, z: Tensor) -> Tensor:
        """Return ds/dz of the hidden units, (n, hidden)."""
        return 1 - torch.tanh(self.inner(z)).square() - LINEAR_PART

    def jacobian(self, z: Tensor) -> Tensor:
        """Return the Jacobian at each of the inputs (n, inputs), (n, outputs, inputs)."""
        slope, inner, outer = self.slope(z), self.inner.weight, self.outer.weight
        if len(outer) > inner.shape[1]:
            return self.linear.weight + outer @ (slope[:, :, None] * inner)
        return self.linear.weight + (outer * slope[:, None]) @ inner
