"""Reconstructions A(phi) of configurations at any kappa."""

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder

CHUNK = 2**19                    # sites that are mapped at a time


@torch.no_grad()
def reconstruct(model: Autoencoder, phi_nyx: np.ndarray) -> np.ndarray:
    """Return A(phi) of each configuration, shape and type as given."""
    phi_nyx = np.ascontiguousarray(phi_nyx)
    weight = next(model.parameters())
    step = max(1, CHUNK // model.sites)
    result_nyx = np.empty_like(phi_nyx)
    for first in range(0, len(phi_nyx), step):
        x_nyx = torch.from_numpy(phi_nyx[first:first + step]).to(weight)
        result_nyx[first:first + step] = model(x_nyx.flatten(1)).cpu().numpy().reshape(x_nyx.shape)
    return result_nyx
