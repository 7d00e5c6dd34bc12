"""What the autoencoder makes of waves at samples, from the columns and rows of its Jacobians.

Layers that are matrices, with one hidden layer or none, have closed forms (latent/closed.py); of
others both Jacobians are formed, for all latents of every sample. Where f and g commute with shifts
by a block, the latents of one block would have the right means, but not the same samples: a model
may be steep at a few places, which most blocks of a sample do not see.

Suffixes: n samples, D sites, w waves, d latents, j functions.
"""

from typing import Protocol

from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent import closed
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from phi4hpc.latent.waves import diagonal, everywhere, waves


class Along(Protocol):
    """A's Jacobian J at some samples."""

    def sums(self) -> tuple[Tensor, Tensor]:
        """Return overlap and squared value, <e_p^* J e_p> and <|J e_p|^2>, at all momenta (L, L),
        summed over samples."""

    def squares(self, count: int) -> Tensor:
        """Return |J e_p|^2 at all momenta, (n, L, L), of that many samples, the first."""

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        """Return rows over decoded fields times J: by latents (n, j, d), and the waves of those by
        the fields that go in (n, j, w)."""


class InFull:
    """By both Jacobians, formed in full."""

    def __init__(self, model: Autoencoder, x_nD: Tensor, y_nd: Tensor) -> None:
        self.jac_nDd, self.L = decoder_jacobian(model, y_nd), model.L
        self.jac_ndw = waves(encoder_jacobian(model, x_nD))

        self.back_ndw = (self.jac_nDd.transpose(1, 2) @ self.jac_nDd) @ self.jac_ndw

    def sums(self) -> tuple[Tensor, Tensor]:
        return (diagonal(waves(self.jac_nDd.transpose(1, 2)), self.jac_ndw, self.L),
                diagonal(self.back_ndw, self.jac_ndw, self.L))

    def squares(self, count: int) -> Tensor:
        return everywhere((self.back_ndw[:count] * self.jac_ndw[:count]).sum(1), self.L)

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
        return (diagonal(p_sw, self._summed(self.n_nds) @ q_sw, self.L),
                diagonal(q_sw, self._summed(self._metric(self.n_nds) @ self.m_nds) @ q_sw, self.L))

    def squares(self, count: int) -> Tensor:
        jac_ndw = self.m_nds[:count] @ self.encoder.waves_sw
        back_ndw = self._metric(self.n_nds[:count]) @ jac_ndw
        square_nyx = everywhere((back_ndw * jac_ndw).sum(1), self.L)
        return square_nyx.expand(min(count, self.count), -1, -1)

    def _metric(self, n_nds: Tensor) -> Tensor:
        """Return J_g^T J_g, (n, d, d)."""
        return n_nds @ self.decoder.products_ss @ n_nds.transpose(1, 2)

    def _summed(self, left_nds: Tensor) -> Tensor:
        """Return the sum over samples and latents of products with M, (s, s)."""
        n = max(len(left_nds), len(self.m_nds))
        left, m = (part.expand(n, -1, -1).flatten(0, 1) for part in (left_nds, self.m_nds))
        return left.T @ m * (self.count / n)

    def pulled_back(self, rows_njD: Tensor) -> tuple[Tensor, Tensor]:
        rows_njd = rows_njD @ self.decoder.columns_Ds @ self.n_nds.transpose(1, 2)
        return rows_njd, rows_njd @ self.m_nds @ self.encoder.waves_sw


class Jacobians:
    """A's Jacobian at any samples, in the way that suits the model."""

    def __init__(self, model: Autoencoder) -> None:
        self.model, self.closed = model, None
        if closed.is_closed(model.encoder) and closed.is_closed(model.decoder):
            self.closed = closed.Encoder(model.encoder), closed.Decoder(model.decoder)

    @property
    def width(self) -> int:
        """How many fields a sample takes about, in units of what it takes to form a column."""
        return self.model.latent if self.closed is None else 1

    def at(self, x_nD: Tensor, y_nd: Tensor) -> Along:
        """Return it at fields x and their latents y."""
        if self.closed:
            return InClosedForm(*self.closed, self.model.L, x_nD, y_nd)
        return InFull(self.model, x_nD, y_nd)
