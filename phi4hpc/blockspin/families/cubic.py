"""`cubic`: linear latents, and a decoder with the cubic term of first-order perturbation theory.

Given the kept modes phi_<, a lost mode has the mean -4 lambda G(p) (phi_<^3)~(p) to first order in
lambda. So the decoder is phi_< + sum over lost p of c(p) (phi_<^3)~(p), where a real number for
each orbit of momenta is learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble

if TYPE_CHECKING:
    from torch import nn

    from phi4hpc.blockspin.autoencoder import Autoencoder

FASTER = 30.0
"""The coefficients learn at this multiple of the deck's rate, for they are few."""


class Family(family.Sized):
    """The linear optimum's encoder, and a decoder with a cubic term for each orbit of momenta."""

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.cubic import Cubic
        from phi4hpc.blockspin.layers import linear

        return linear(L**2, latent).requires_grad_(False), Cubic(latent, L)

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        """Set the linear optimum, with all coefficients at zero."""
        import torch

        basis_dD = torch.from_numpy(ensemble.modes(network.latent).basis_dD)
        network.encoder.weight.copy_(basis_dD)
        network.decoder.prepare(basis_dD, torch.from_numpy(ensemble.propagator_yx))

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        return [{'params': [network.decoder.strength_o], 'lr': FASTER * rate}]
