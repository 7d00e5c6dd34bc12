"""`dense`: f(x) = E x + W2 s(W1 x) and g(y) = G y + V2 s(V1 y), a linear path and a remainder of one hidden layer.

The path starts at the linear optimum, and the remainder at zero, so that training starts at the optimum instead of
looking for it. The rows of E start orthonormal: a latent is measured in units of the field.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.deck.section import Count

if TYPE_CHECKING:
    from torch import Tensor, nn

    from phi4hpc.blockspin.autoencoder import Autoencoder


class Family(family.Sized):
    """The linear optimum each way, plus a remainder of one hidden layer; odd under Z2."""

    hidden: Count = 256
    """Width h of the hidden layer, of the encoder's and of the decoder's."""

    def layers(self, latent: int, L: int) -> tuple[nn.Module, nn.Module]:
        from phi4hpc.blockspin.layers import Remainder

        return Remainder(L**2, latent, self.hidden), Remainder(latent, L**2, self.hidden)

    def start(self, network: Autoencoder, ensemble: family.Ensemble) -> None:
        """Set the linear optimum, and hidden units that look at the blocked field at single sites.

        The blocked field is E^T E x in the encoder and E^T y in the decoder. The sites are drawn by the seed, and the
        field is divided by its standard deviation, for there tanh is curved and not saturated. Single sites matter,
        since the interaction is local: rows mixed at random learned nothing in the same time.
        """
        import torch

        modes = ensemble.modes(network.latent)
        inner_hd = self._blocked_field(modes, np.random.default_rng(ensemble.seed))
        weights = {'encoder.linear': modes.basis_dD, 'decoder.linear': modes.basis_dD.T,
                   'encoder.inner': inner_hd @ modes.basis_dD, 'decoder.inner': inner_hd,
                   'encoder.outer': np.zeros((network.latent, self.hidden)),
                   'decoder.outer': np.zeros((ensemble.L**2, self.hidden))}
        network.load_state_dict({f'{name}.weight': torch.from_numpy(weight) for name, weight in weights.items()})

    def _blocked_field(self, modes: family.Modes, rng: np.random.Generator) -> np.ndarray:
        """Return the rows (h, d) from latents to the blocked field at random sites, at unit variance."""
        sites = modes.basis_dD.shape[1]
        chosen_h = rng.choice(sites, self.hidden, replace=self.hidden > sites)
        return modes.basis_dD[:, chosen_h].T / np.sqrt(modes.kept_d.sum() / sites)

    def groups(self, network: Autoencoder, rate: float) -> list[dict[str, Any]]:
        """Return two groups: the linear path, whose entries are of size 1/sqrt(D), moves slower by that factor."""
        linear = [side.linear.weight for side in (network.encoder, network.decoder)]
        rest = [weight for side in (network.encoder, network.decoder) for weight in (side.inner.weight,
                                                                                     side.outer.weight)]
        return [{'params': rest, 'lr': rate}, {'params': linear, 'lr': rate / network.sites**0.5}]

    def sight(self, network: Autoencoder) -> Tensor:
        import torch

        return torch.cat([network.encoder.linear.weight, network.encoder.inner.weight])

    def weights(self, latent: int, L: int) -> int:
        return 2 * latent * L**2 + 2 * self.hidden * (latent + L**2)

    def rows(self, latent: int, L: int) -> int:
        return min(latent + self.hidden, L**2)
