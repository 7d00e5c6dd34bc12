"""`cubic`: kept waves, and a decoder with the cubic term of first-order perturbation theory.

Given the kept modes phi_<, a lost mode has the mean -4 lambda G(p) (phi_<^3)~(p) to first order in
lambda. So the decoder is phi_< + sum over lost p of c(p) (phi_<^3)~(p), where a real number for
each orbit of momenta is learned. The fields that it decodes to are a curved surface. The latents
of least loss are those of the nearest point on it, which lost modes have a part in: the encoder may
take a step towards that point, with coefficients of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble

if TYPE_CHECKING:
    from torch import nn

    from phi4hpc.blockspin.autoencoder import Autoencoder

FASTER = 30.0
"""The coefficients learn at this multiple of the deck's rate, for they are few."""


class Family(family.Sized):
    """The waves of the linear optimum, and cubic terms with a number for each orbit of momenta."""

    encoding: Literal['linear', 'cubic'] = 'linear'
    """`linear`: latents are the kept waves. `cubic`: they are moved towards those of least loss, to
    third order in the field."""

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.cubic import Decoder, Encoder
        from phi4hpc.blockspin.layers import linear

        encoder = (Encoder(latent, L) if self.encoding == 'cubic'
                   else linear(L**2, latent).requires_grad_(False))
        return encoder, Decoder(latent, L)

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        """Set the linear optimum, with all coefficients at zero."""
        import torch

        basis_dD = torch.from_numpy(ensemble.modes(network.latent).basis_dD)
        propagator_yx = torch.from_numpy(ensemble.propagator_yx)
        network.decoder.prepare(basis_dD, propagator_yx)
        if self.encoding == 'cubic':
            network.encoder.prepare(basis_dD, propagator_yx)
        else:
            network.encoder.weight.copy_(basis_dD)

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        learned = [weight for weight in network.parameters() if weight.requires_grad]
        return [{'params': learned, 'lr': FASTER * rate}]
