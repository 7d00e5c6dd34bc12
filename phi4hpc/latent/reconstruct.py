"""Reconstructions A(phi) of configurations at any kappa."""

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.rows import as_rows

CHUNK = 2**19                    # sites that are mapped at a time


@torch.no_grad()
def reconstruct(model: Autoencoder, phi_nyx: np.ndarray) -> np.ndarray:
    """Return A(phi) of each configuration, shape and type as given."""
    weight = next(model.parameters())
    step = max(1, CHUNK // model.sites)
    result_nyx = np.empty_like(phi_nyx)
    for first in range(0, len(phi_nyx), step):
        some = slice(first, first + step)
        z_nD = model(as_rows(phi_nyx[some], weight)).cpu().numpy()
        result_nyx[some] = z_nD.reshape(phi_nyx[some].shape)
    return result_nyx
