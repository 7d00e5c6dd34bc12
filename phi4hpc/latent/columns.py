"""What the autoencoder makes of waves at samples, from the columns and rows of its Jacobians.

Where f and g commute with shifts by a block, as convolutions do, all blocks are alike. The ensemble
has that symmetry too, so means over it follow from the latents of one block: a pass forward and a
few backward in place of two for every latent. Layers that are matrices, with one hidden layer or
none, have closed forms (latent/closed.py); others are differentiated in full.

Suffixes: n samples, D sites, w waves, d latents, k latents that are looked at, j functions.
"""

from typing import Protocol

import torch
from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent import closed
from phi4hpc.latent.jacobians import (
    decoder_jacobian,
    encoder_jacobian,
    pulled_back,
    pushed_forward,
    shifts,
)
from phi4hpc.latent.waves import diagonal, waves


class Along(Protocol):
    """A's Jacobian J at some samples."""

    def sums(self) -> tuple[Tensor, Tensor]:
        """Return overlap and squared value, <e_p^* J e_p> and <|J e_p|^2>, at all momenta (L, L),
        summed over samples."""

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows over decoded fields times J: by latents (n, j, d), and the waves of those by
        the fields that go in (n, j, w)."""


class InFull:
    """By both Jacobians, formed in full."""

    def __init__(self, model: Autoencoder, x_nD: Tensor, y_nd: Tensor) -> None:
        self.jac_nDd, self.L = decoder_jacobian(model, y_nd), model.L
        self.jac_ndw = waves(encoder_jacobian(model, x_nD))

    def sums(self) -> tuple[Tensor, Tensor]:
        out_ndD = self.jac_nDd.transpose(1, 2)
        back_ndw = (out_ndD @ self.jac_nDd) @ self.jac_ndw
        return (diagonal(waves(out_ndD), self.jac_ndw, self.L),
                diagonal(back_ndw, self.jac_ndw, self.L))

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        rows_njd = rows_njD @ self.jac_nDd
        return rows_njd, rows_njd @ self.jac_ndw


class InClosedForm:
    """By the factors M of J_f = M Q and N of J_g = P N, as latent.closed has them."""

    def __init__(self, encoder: closed.Encoder, decoder: closed.Decoder, L: int, x_nD: Tensor,
                 y_nd: Tensor) -> None:
        self.encoder, self.decoder, self.L, self.count = encoder, decoder, L, len(x_nD)
        self.m_nds, self.n_nds = encoder.factor(x_nD), decoder.factor(y_nd)

    def sums(self) -> tuple[Tensor, Tensor]:
        p_sw, q_sw = self.decoder.waves_sw, self.encoder.waves_sw
        metric_ndd = self.n_nds @ self.decoder.products_ss @ self.n_nds.transpose(1, 2)
        return (diagonal(p_sw, self._summed(self.n_nds) @ q_sw, self.L),
                diagonal(q_sw, self._summed(metric_ndd @ self.m_nds) @ q_sw, self.L))

    def _summed(self, left_nds: Tensor) -> Tensor:
        """Return the sum over samples and latents of products with M, (s, s)."""
        n = max(len(left_nds), len(self.m_nds))
        left, m = (part.expand(n, -1, -1).flatten(0, 1) for part in (left_nds, self.m_nds))
        return left.T @ m * (self.count / n)

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        rows_njd = rows_njD @ self.decoder.columns_Ds @ self.n_nds.transpose(1, 2)
        return rows_njd, rows_njd @ self.m_nds @ self.encoder.waves_sw


class OfOneBlock:
    """By the latents of the first block, for a model that `shifts`."""

    def __init__(self, model: Autoencoder, x_nD: Tensor, y_nd: Tensor) -> None:
        self.model, self.x_nD, self.y_nd = model, x_nD, y_nd
        shape = model.family.coarse(model.latent, model.L)
        assert shape
        self.channels = shape[0]

    def sums(self) -> tuple[Tensor, Tensor]:
        model, L = self.model, self.model.L
        channels, times = self.channels, model.latent // self.channels
        first_nkd = torch.eye(model.latent).to(self.y_nd)[::times].expand(len(self.y_nd), -1, -1)
        out_nkD = pushed_forward(model.decode, self.y_nd, first_nkd)
        rows_nkd = torch.cat([first_nkd, pulled_back(model.decode, self.y_nd, out_nkD)], 1)
        into_nkw, back_nkw = waves(pulled_back(model.encode, self.x_nD, rows_nkd)).split(channels,
                                                                                         1)
        return (times * diagonal(waves(out_nkD), into_nkw, L),
                times * diagonal(back_nkw, into_nkw, L))

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        rows_njd = pulled_back(self.model.decode, self.y_nd, rows_njD)
        return rows_njd, waves(pulled_back(self.model.encode, self.x_nD, rows_njd))


class Jacobians:
    """A's Jacobian at any samples, in the way that suits the model."""

    def __init__(self, model: Autoencoder) -> None:
        self.model, self.closed = model, None
        if closed.is_closed(model.encoder) and closed.is_closed(model.decoder):
            self.closed = closed.Encoder(model.encoder), closed.Decoder(model.decoder)
        self.shifts = self.closed is None and shifts(model)

    @property
    def width(self) -> int:
        """How many fields a sample takes about, in units of what it takes to form a column."""
        return self.model.latent if self.closed is None else 1

    def at(self, x_nD: Tensor, y_nd: Tensor) -> Along:
        """Return it at fields x and their latents y."""
        if self.closed:
            return InClosedForm(*self.closed, self.model.L, x_nD, y_nd)
        return (OfOneBlock if self.shifts else InFull)(self.model, x_nD, y_nd)
