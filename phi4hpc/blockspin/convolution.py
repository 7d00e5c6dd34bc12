"""Layers of convolutional block spins: the same weights for all blocks, and for all lattice sizes.

A block of b x b sites is one place with b^2 channels, so that convolutions work on (L/b)^2 places
and not on L^2 sites, which is where most of the speed comes from. No layer has a bias and the unit
s(z) = z / (1 + |z|) is odd, so encoder and decoder are exactly odd under Z2.

Shapes: n draws, c channels, Y X places of the lattice of blocks, y x sites, D = L^2 sites,
d = c (L/b)^2 latents.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from phi4hpc.blockspin.slopes import around, softsign, softsign_slope
from phi4hpc.blockspin.windows import Chain
from phi4hpc.lattice.blocks import zone_rows

SMALL = 0.3
"""A residual layer's first weights, in units of those that would keep the variance."""


class Convolution(nn.Conv2d):
    """A convolution over a place and its eight neighbours, around the torus."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, z_ncYX: Tensor) -> Tensor:
        """Return a field on the same places."""
        return super().forward(around(z_ncYX))


class Residual(nn.Module):
    """The map h -> h + second(s(first(h))), which starts close to the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(width, width), Convolution(width, width)
        nn.init.normal_(self.second.weight, std=SMALL / (9 * width) ** 0.5)

    def forward(self, h_ncYX: Tensor) -> Tensor:
        """Return fields of the same shape."""
        return h_ncYX + self.second(softsign(self.first(h_ncYX)))


class Remainder(nn.Module):
    """An odd, local and bounded map between fields on the lattice of blocks, which starts at zero.

    It is bounded, since otherwise a step that is too long would be amplified from layer to layer.
    """

    def __init__(self, inputs: int, outputs: int, width: int, depth: int) -> None:
        super().__init__()
        self.inner = Convolution(inputs, width)
        self.hidden = nn.Sequential(*(Residual(width) for _ in range(depth)))
        self.outer = Convolution(width, outputs)
        nn.init.zeros_(self.outer.weight)

    def forward(self, z_ncYX: Tensor) -> Tensor:
        """Return a field of `outputs` channels."""
        return self.outer(softsign(self.hidden(softsign(self.inner(z_ncYX)))))

    def chain(self, z_ncYX: Tensor) -> Chain:
        """Return the map's linear part at some fields."""
        units = self.inner(z_ncYX)
        kernels, slopes, h_ncYX = [self.inner.weight], [softsign_slope(units)], softsign(units)
        for layer in cast(Iterable[Residual], self.hidden):
            kernels += [layer.first.weight, layer.second.weight]
            slopes.append(softsign_slope(layer.first(h_ncYX)))
            h_ncYX = layer(h_ncYX)
        return Chain([*kernels, self.outer.weight], [*slopes, softsign_slope(h_ncYX)])


def symmetric(function: Callable[[Tensor], Tensor], field_ncyx: Tensor,
              planes: Sequence[tuple[int, int]] = ((-2, -1),)) -> Tensor:
    """Return the mean of g^-1 function(g field) over the eight symmetries g of the square.

    `planes` are the axes, in pairs, that g^-1 acts on.
    """
    images = []
    for turns in range(4):
        turned = torch.rot90(field_ncyx, turns, (-2, -1))
        for flipped in (False, True):
            back = function(turned.flip(-1) if flipped else turned)
            for plane in planes:
                back = torch.rot90(back.flip(plane[1]) if flipped else back, -turns, plane)
            images.append(back)
    return torch.stack(images).mean(0)


class _Side(nn.Module, ABC):
    """What encoder and decoder share: the zone's rows at this L, and the symmetry."""

    rows_Xx: Tensor
    """No weights, but the same for all models of this L."""
    scale: Tensor
    """Standard deviation of a latent of the zone."""

    def __init__(self, L: int, block: int, averaged: bool) -> None:
        super().__init__()
        self.L, self.block, self.count, self.averaged = L, block, L // block, averaged
        rows_Xx = torch.from_numpy(zone_rows(L, block)).float()
        self.register_buffer('rows_Xx', rows_Xx, persistent=False)
        self.register_buffer('scale', torch.ones(()))

    def _remainder(self, field_ncyx: Tensor) -> Tensor:
        if self.averaged:
            return symmetric(self._local, field_ncyx)
        return self._local(field_ncyx)

    def _slopes(self, field_ncyx: Tensor) -> Tensor:
        """Return the Jacobian of this side, (n, c, Y, X, y, x), by latents and sites."""
        of_remainder = self._local_slopes(field_ncyx)
        if self.averaged:
            of_remainder = symmetric(self._local_slopes, field_ncyx, ((-4, -3), (-2, -1)))
        zone_YXyx = torch.einsum('Yy,Xx->YXyx', self.rows_Xx, self.rows_Xx)
        return torch.cat([of_remainder[:, :1] + zone_YXyx, of_remainder[:, 1:]], 1)

    @abstractmethod
    def _local(self, field_ncyx: Tensor) -> Tensor:
        """Return the remainder of this side, as it is before an average over symmetries."""

    @abstractmethod
    def _local_slopes(self, field_ncyx: Tensor) -> Tensor:
        """Return its part of the Jacobian, (n, c, Y, X, y, x)."""

    def _apply(self, function: Callable[[Tensor], Tensor], recurse: bool = True) -> '_Side':
        """Convert as torch does, and make the rows anew, for rows from float32 stay rounded."""
        super()._apply(function, recurse)
        self.rows_Xx = torch.from_numpy(zone_rows(self.L, self.block)).to(self.rows_Xx)
        return self


class Encoder(_Side):
    """f, from fields (n, D) to latents (n, d).

    The first channel has the zone's latents. A Remainder of the sites is added to all channels.
    """

    def __init__(self, L: int, block: int, channels: int, width: int, depth: int,
                 averaged: bool = False) -> None:
        super().__init__(L, block, averaged)
        self.channels = channels
        self.remainder = Remainder(block**2, channels, width, depth)

    def _local(self, phi_n1yx: Tensor) -> Tensor:
        return self.remainder(pixel_unshuffle(phi_n1yx, self.block))

    def _local_slopes(self, phi_n1yx: Tensor) -> Tensor:
        rows = self.remainder.chain(pixel_unshuffle(phi_n1yx, self.block)).rows()
        return self.scale * pixel_shuffle(rows, self.block)[..., 0, :, :]

    def jacobian(self, x_nD: Tensor) -> Tensor:
        """Return df/dx at each field, (n, d, D)."""
        slopes = self._slopes(x_nD.unflatten(1, (1, self.L, self.L)))
        return slopes.flatten(4).flatten(1, 3)

    def forward(self, x_nD: Tensor) -> Tensor:
        """Return the latents, channel by channel."""
        phi_n1yx = x_nD.unflatten(1, (1, self.L, self.L))
        zone_n1YX = self.rows_Xx @ phi_n1yx @ self.rows_Xx.T
        rest_ncYX = self.scale * self._remainder(phi_n1yx)
        return torch.cat([zone_n1YX + rest_ncYX[:, :1], rest_ncYX[:, 1:]], 1).flatten(1)


class Decoder(_Side):
    """g, from latents (n, d) to fields (n, D).

    It is the zone's decoder of the first channel, plus a Remainder of all channels.
    """

    def __init__(self, L: int, block: int, channels: int, width: int, depth: int,
                 averaged: bool = False) -> None:
        super().__init__(L, block, averaged)
        self.channels = channels
        self.remainder = Remainder(channels, block**2, width, depth)

    def _local(self, y_ncYX: Tensor) -> Tensor:
        return pixel_shuffle(self.remainder(y_ncYX), self.block)

    def _local_slopes(self, y_ncYX: Tensor) -> Tensor:
        columns = self.remainder.chain(y_ncYX).columns()
        return pixel_shuffle(columns, self.block)[..., 0, :, :] / self.scale

    def jacobian(self, y_nd: Tensor) -> Tensor:
        """Return dg/dy at each of the latents, (n, D, d)."""
        y_ncYX = y_nd.unflatten(1, (self.channels, self.count, self.count))
        return self._slopes(y_ncYX / self.scale).flatten(4).flatten(1, 3).transpose(1, 2)

    def forward(self, y_nd: Tensor) -> Tensor:
        """Return the fields."""
        y_ncYX = y_nd.unflatten(1, (self.channels, self.count, self.count))
        zone_n1yx = self.rows_Xx.T @ y_ncYX[:, :1] @ self.rows_Xx
        return (zone_n1yx + self._remainder(y_ncYX / self.scale)).flatten(1)
