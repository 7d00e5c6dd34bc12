"""`dense`: a linear path each way, and beside it a remainder of one hidden layer,

    f(x) = E x + W2 s(W1 x),  g(y) = G y + V2 s(V1 y),

with s as in layers.py. The path starts at the linear optimum and the remainder at zero, so that
training starts at the optimum and need not find it. The rows of E start orthonormal: a latent is
measured in units of the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.deck.section import Count

if TYPE_CHECKING:
    from torch import nn

    from phi4hpc.blockspin.autoencoder import Autoencoder
    from phi4hpc.lattice.modes import Modes


class Family(family.Sized):
    """The linear optimum each way, plus a remainder of one hidden layer."""

    hidden: Count = 256
    """Width h of the hidden layer, that of the encoder and that of the decoder."""

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.layers import Remainder

        return Remainder(L**2, latent, self.hidden), Remainder(latent, L**2, self.hidden)

    def start(self, network: Autoencoder, ensemble: MeasuredEnsemble) -> None:
        """Set the linear optimum, and hidden units that look at the blocked field at single sites.

        The blocked field is E^T E x in the encoder and E^T y in the decoder. Single sites matter,
        since the interaction is local: rows mixed at random learned nothing in the same time.
        """
        modes = ensemble.modes(network.latent)
        inner_hd = self.blocked_field(modes, np.random.default_rng(ensemble.seed))
        network.set_weights({
            'encoder.linear': modes.basis_dD, 'decoder.linear': modes.basis_dD.T,
            'encoder.inner': inner_hd @ modes.basis_dD, 'decoder.inner': inner_hd,
            'encoder.outer': np.zeros((network.latent, self.hidden)),
            'decoder.outer': np.zeros((network.sites, self.hidden))})

    def blocked_field(self, modes: Modes, rng: np.random.Generator) -> np.ndarray:
        """Return the rows (h, d) from latents to the blocked field at h random sites.

        They are in units of the field's standard deviation, where tanh is curved and not saturated.
        """
        sites = modes.basis_dD.shape[1]
        chosen_h = rng.choice(sites, self.hidden, replace=self.hidden > sites)
        return modes.basis_dD[:, chosen_h].T / np.sqrt(modes.kept_d.sum() / sites)

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        """Return two groups: the linear path, with entries of size 1/sqrt(D), is slower by that."""
        sides = network.encoder, network.decoder
        linear = [side.linear.weight for side in sides]
        rest = [layer.weight for side in sides for layer in (side.inner, side.outer)]
        return [{'params': rest, 'lr': rate}, {'params': linear, 'lr': rate / network.sites**0.5}]

    def weights(self, latent: int, L: int) -> int:
        return 2 * latent * L**2 + 2 * self.hidden * (latent + L**2)
