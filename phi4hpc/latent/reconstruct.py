"""Reconstructions A(phi) of configurations at any kappa."""

import numpy as np
import torch

CHUNK = 2**19                    # sites that are mapped at a time


@torch.no_grad()
def reconstruct(model, phi_nyx):
    """Return A(phi) of each configuration, shape and type as given."""
    phi_nyx = np.ascontiguousarray(phi_nyx)
    weight = next(model.parameters())
    step = max(1, CHUNK // model.sites)
    pieces = [model(torch.from_numpy(phi_nyx[first:first + step]).to(weight).flatten(1)).cpu().numpy()
              for first in range(0, len(phi_nyx), step)]
    return np.concatenate([np.empty((0, model.sites)), *pieces]).astype(phi_nyx.dtype).reshape(phi_nyx.shape)
