"""The encoder of a model of one L as a block spin of fields of every L."""

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.errors import UserError


class Encoder:
    """From fields (n, y, x) of any even L to latents (n, Y, X), by the weights of `network`.

    They are divided by 2, for the zone's rows are orthonormal, and a constant field would have
    latents twice as large.
    """

    def __init__(self, network: Autoencoder) -> None:
        self.device, self.weights = next(network.parameters()).device, network.state_dict()
        self.family, self.networks = network.family, dict[int, Autoencoder]()

    def __call__(self, phi_nyx: np.ndarray) -> np.ndarray:
        L = phi_nyx.shape[-1]
        with torch.no_grad():
            x_nD = torch.from_numpy(phi_nyx.reshape(len(phi_nyx), -1)).float().to(self.device)
            y_nd = self._at(L).encode(x_nD)
        return y_nd.double().cpu().numpy().reshape(-1, L // 2, L // 2) / 2

    def _at(self, L: int) -> Autoencoder:
        """Return the network for fields of L x L sites."""
        if L not in self.networks:
            made = Autoencoder(self.family, (L // 2) ** 2, L)
            try:
                made.load_state_dict(self.weights)
            except RuntimeError as error:
                raise UserError(f'a model of this family is not the same for every L ({error}): '
                                'expected weights that are alike for all blocks') from error
            self.networks[L] = made.to(self.device).eval()
        return self.networks[L]
