"""Jacobians of a chain of convolutions, each column found in the window of places that it reaches.

What goes in at one place makes a difference there and, after a convolution, at the eight places
around it. So a column of the Jacobian begins as one place, grows by a place on every side with each
convolution, takes the slopes of the units that it meets, and is laid on the torus at the end. A row
is found in the same way, from the last layer to the first. It is exact: a window that has become
wider than the torus is laid on it with what overlaps added up.

Shapes: n draws, c channels that go in, o channels that come out; Y X the places of the torus where
windows stand, V U those that they reach, i j the places of a window; s windows, by draw and place.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

BYTES = 2**24
"""About how much memory windows that are found together take."""


class Chain(NamedTuple):
    """A convolution, layers h -> h + second(s(first(h))) of two each, and a last convolution.

    `kernels_ocij` are the weights of all, in order, and `slopes_ncYX` those of the units between:
    after the first convolution, within each layer, and before the last convolution.
    """

    kernels_ocij: Sequence[Tensor]
    slopes_ncYX: Sequence[Tensor]

    def columns(self) -> Tensor:
        """Return the Jacobian as (n, c, Y, X, o, V, U): for what goes in, what it does."""
        forward = [kernel.flip(-2, -1).permute(1, 2, 3, 0) for kernel in self.kernels_ocij]
        return spread_all(forward, [*self.slopes_ncYX])

    def rows(self) -> Tensor:
        """Return it as (n, o, V, U, c, Y, X): for what comes out, what has a part in it."""
        backward = [kernel.permute(0, 2, 3, 1) for kernel in reversed(self.kernels_ocij)]
        return spread_all(backward, [*reversed(self.slopes_ncYX)])


def spread_all(kernels_cijo: list[Tensor], slopes_ncYX: list[Tensor]) -> Tensor:
    """Return what becomes of each channel at each place, (n, c, Y, X, o, V, U).

    A kernel says what a place gives to those around it.
    """
    n, _, Y, X = slopes_ncYX[0].shape
    channels, size = len(kernels_cijo[0]), 1 + 2 * len(kernels_cijo)
    largest = channels * size**2 * max(kernel[0].numel() for kernel in kernels_cijo)
    slopes_nYXc = [slope.movedim(1, -1) for slope in slopes_ncYX]
    n_s, Y_s, X_s = (index.flatten() for index in torch.meshgrid(
        *(torch.arange(extent, device=slopes_ncYX[0].device) for extent in (n, Y, X)),
        indexing='ij'))
    found = []
    for part in torch.arange(len(n_s)).split(max(1, BYTES // (8 * largest))):
        where = Where(n_s[part], Y_s[part], X_s[part], Y, X)
        found.append(where.on_torus(where.windows(kernels_cijo, slopes_nYXc)))
    return torch.cat(found).unflatten(0, (n, Y, X)).permute(0, 5, 1, 2, 6, 3, 4)


class Where(NamedTuple):
    """Where some windows stand: the numbers of their draws, and of their places of Y x X."""

    n_s: Tensor
    Y_s: Tensor
    X_s: Tensor
    Y: int
    X: int

    def windows(self, kernels_cijo: list[Tensor], slopes_nYXc: list[Tensor]) -> Tensor:
        """Return what becomes of each channel at the place of a window, (s, c, i, j, o)."""
        first, *between, last = kernels_cijo
        t_scijo = first * self.seen(slopes_nYXc[0], 3)
        for one, slope, other in zip(between[::2], slopes_nYXc[1:-1], between[1::2], strict=True):
            units = spread(t_scijo, one)
            units *= self.seen(slope, units.shape[-2])
            t_scijo = pad(t_scijo, (0, 0, 2, 2, 2, 2)) + spread(units, other)
        return spread(t_scijo * self.seen(slopes_nYXc[-1], t_scijo.shape[-2]), last)

    def seen(self, slope_nYXc: Tensor, size: int) -> Tensor:
        """Return the slopes in windows of some size, (s, 1, i, j, c)."""
        Y_si, X_sj = self.around(size)
        return slope_nYXc[self.n_s[:, None, None], Y_si[:, :, None], X_sj[:, None]][:, None]

    def around(self, size: int) -> tuple[Tensor, Tensor]:
        """Return the rows (s, i) and the columns (s, j) of the torus that windows cover."""
        reach = torch.arange(size, device=self.n_s.device) - size // 2
        return (self.Y_s[:, None] + reach) % self.Y, (self.X_s[:, None] + reach) % self.X

    def on_torus(self, t_scijo: Tensor) -> Tensor:
        """Return windows laid on the torus, (s, V, U, c, o)."""
        count, channels, size, _, outputs = t_scijo.shape
        Y_si, X_sj = self.around(size)
        first_s = torch.arange(count, device=self.n_s.device) * self.Y
        place_sij = (first_s[:, None, None] + Y_si[:, :, None]) * self.X + X_sj[:, None]
        laid = t_scijo.new_zeros(count * self.Y * self.X, channels, outputs)
        laid.index_add_(0, place_sij.flatten(), t_scijo.movedim(1, 3).flatten(0, 2))
        return laid.unflatten(0, (count, self.Y, self.X))


def spread(t_scijo: Tensor, kernel_oije: Tensor) -> Tensor:
    """Return windows after one more convolution, (s, c, i + 2, j + 2, e)."""
    size, shape = t_scijo.shape[-2], kernel_oije.shape[1:]
    parts = (t_scijo @ kernel_oije.flatten(1)).unflatten(-1, shape)
    wider = t_scijo.new_zeros(*t_scijo.shape[:2], size + 2, size + 2, shape[-1])
    for i, j in np.ndindex(3, 3):
        wider[:, :, i:i + size, j:j + size] += parts[..., i, j, :]
    return wider
