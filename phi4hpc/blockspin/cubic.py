"""The decoder of the family `cubic`: what the kept modes say of the lost ones, to third order in the field.

Shapes: n draws, d latents, D = L^2 sites, y x lattice axes or momenta, o orbits of momenta.
"""

import torch
from torch import Tensor, nn

from phi4hpc.lattice.modes import orbits

KEPT = 0.5                        # of a momentum's two waves or one: the part kept above which it counts as kept


class Cubic(nn.Module):
    """g(y) = phi_< + sum over lost momenta of strength(orbit of p) G(p) (phi_<^3)~(p), with phi_< = basis^T y."""

    def __init__(self, latent: int, L: int) -> None:
        super().__init__()
        self.L = L
        self.register_buffer('basis_dD', torch.zeros(latent, L**2))
        self.register_buffer('lost_yx', torch.zeros(L, L))         # G(p) of lost momenta, 0 of kept ones
        orbit_yx = torch.from_numpy(orbits(L))
        self.register_buffer('orbit_yx', orbit_yx, persistent=False)
        self.strength_o = nn.Parameter(torch.zeros(int(orbit_yx.max()) + 1))

    def prepare(self, basis_dD: Tensor, propagator_yx: Tensor) -> None:
        """Set which modes are kept, orthonormal rows, and the propagator at all momenta."""
        power_dyx = torch.fft.fft2(basis_dD.unflatten(1, (self.L, self.L))).abs().square() / self.L**2
        self.basis_dD.copy_(basis_dD)
        self.lost_yx.copy_(propagator_yx * (power_dyx.sum(0) < KEPT))

    def coefficients(self) -> Tensor:
        """Return c(p) at all momenta, ordered as by torch.fft.fft2; -4 lambda G(p) to first order in lambda."""
        return self.strength_o[self.orbit_yx] * self.lost_yx

    def forward(self, y_nd: Tensor) -> Tensor:
        """Return the fields (n, D)."""
        kept_nD = y_nd @ self.basis_dD
        cube_nyx = torch.fft.rfft2(kept_nD.pow(3).unflatten(1, (self.L, self.L)))
        half_yx = self.coefficients()[:, :self.L // 2 + 1]
        return kept_nD + torch.fft.irfft2(half_yx * cube_nyx, s=(self.L, self.L)).flatten(1)
