"""Both sides of the family `cubic`: kept modes and lost ones, to third order in the field.

Shapes: n draws, d latents, D = L^2 sites, y x lattice axes or momenta, o orbits of momenta.
"""

import torch
from torch import Tensor, nn

from phi4hpc.lattice.orbits import numbered

KEPT = 0.5
"""A momentum counts as kept where more than this part of its waves is."""


class _Side(nn.Module):
    """What encoder and decoder share: the kept waves, and coefficients c(p) of the lost ones.

    A coefficient is a learned number for each orbit of momenta, times G(p).
    """

    basis_dD: Tensor
    lost_yx: Tensor
    """G(p) of lost momenta, 0 of kept ones."""
    orbit_yx: Tensor

    def __init__(self, latent: int, L: int) -> None:
        super().__init__()
        self.L = L
        self.register_buffer('basis_dD', torch.zeros(latent, L**2))
        self.register_buffer('lost_yx', torch.zeros(L, L))
        orbit_yx = torch.from_numpy(numbered(L))
        self.register_buffer('orbit_yx', orbit_yx, persistent=False)
        self.strength_o = nn.Parameter(torch.zeros(int(orbit_yx.max()) + 1))

    def prepare(self, basis_dD: Tensor, propagator_yx: Tensor) -> None:
        """Set which modes are kept, orthonormal rows, and the propagator at all momenta."""
        modes_dyx = torch.fft.fft2(basis_dD.unflatten(1, (self.L, self.L)))
        kept_yx = modes_dyx.abs().square().sum(0) / self.L**2
        self.basis_dD.copy_(basis_dD)
        self.lost_yx.copy_(propagator_yx * (kept_yx < KEPT))

    def coefficients(self) -> Tensor:
        """Return c(p) at all momenta, ordered as by torch.fft.fft2; 0 of kept ones.

        To first order in lambda it is -4 lambda G(p) where the encoder is linear.
        """
        return self.strength_o[self.orbit_yx] * self.lost_yx

    def _lost(self, field_nD: Tensor) -> Tensor:
        """Return the lost modes of fields (n, D), each times its coefficient."""
        modes_nyx = torch.fft.rfft2(field_nD.unflatten(1, (self.L, self.L)))
        half_yx = self.coefficients()[:, :self.L // 2 + 1]
        return torch.fft.irfft2(half_yx * modes_nyx, s=(self.L, self.L)).flatten(1)


class Encoder(_Side):
    """The map from a field x to the latents after a Gauss-Newton step, which starts at kept modes.

    The latents of least loss are those whose decoded field is closest to x. From phi_< they are
    reached, as far as one step leads, by adding what is left of x, pulled back by the decoder:
    the kept modes of 3 phi_<^2 (c * (x - c * phi_<^3)), where * is a convolution.
    """

    def forward(self, x_nD: Tensor) -> Tensor:
        """Return the latents (n, d) of the fields (n, D)."""
        kept_nD = x_nD @ self.basis_dD.T @ self.basis_dD
        left_nD = x_nD - self._lost(kept_nD.pow(3))
        return (kept_nD + 3 * kept_nD.square() * self._lost(left_nD)) @ self.basis_dD.T


class Decoder(_Side):
    """The map g(y) = phi_< + sum over lost p of c(p) (phi_<^3)~(p), where phi_< = basis^T y."""

    def forward(self, y_nd: Tensor) -> Tensor:
        """Return the fields (n, D) of the latents (n, d)."""
        kept_nD = y_nd @ self.basis_dD
        return kept_nD + self._lost(kept_nD.pow(3))
