"""Functions whose slopes are written by hand, for those that autograd finds take longer.

In a convolutional model, padding around the torus and softsign took two fifths of a training step;
by hand they take a fifth, and Jacobians take half the time that they took.

Shapes: n draws, c channels, Y X places.
"""

from typing import Any

import torch
from torch import Tensor


def softsign(z: Tensor) -> Tensor:
    """Return z / (1 + |z|)."""
    return _Softsign.apply(z)


class _Softsign(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        s = z / z.abs().add_(1)
        ctx.save_for_backward(s)
        return s

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:
        s, = ctx.saved_tensors
        return slope * (1 - s.abs()).square()


def around(z_ncYX: Tensor) -> Tensor:
    """Return a field on the torus with a border, one place wide, of what lies across its edges."""
    return _Around.apply(z_ncYX)


class _Around(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z_ncYX: Tensor) -> Tensor:
        return _with_border(z_ncYX)

    @staticmethod
    def backward(ctx: Any, slope_ncYX: Tensor) -> Tensor:
        # Batched gradients, as Jacobians ask for, pass through plain functions alone.
        return (_Folded.apply if torch.is_grad_enabled() else _folded)(slope_ncYX)


class _Folded(torch.autograd.Function):
    """The adjoint of _Around."""

    @staticmethod
    def forward(ctx: Any, z_ncYX: Tensor) -> Tensor:
        return _folded(z_ncYX)

    @staticmethod
    def backward(ctx: Any, slope_ncYX: Tensor) -> Tensor:
        return (_Around.apply if torch.is_grad_enabled() else _with_border)(slope_ncYX)


def _with_border(z_ncYX: Tensor) -> Tensor:
    for axis in -1, -2:
        first, last = z_ncYX.narrow(axis, 0, 1), z_ncYX.narrow(axis, -1, 1)
        z_ncYX = torch.cat([last, z_ncYX, first], axis)
    return z_ncYX


def _folded(z_ncYX: Tensor) -> Tensor:
    """Add the border to the places that it shows, and leave it out."""
    z_ncYX = z_ncYX.clone()
    z_ncYX[..., -2, :] += z_ncYX[..., 0, :]
    z_ncYX[..., 1, :] += z_ncYX[..., -1, :]
    z_ncYX[..., -2] += z_ncYX[..., 0]
    z_ncYX[..., 1] += z_ncYX[..., -1]
    return z_ncYX[..., 1:-1, 1:-1]
