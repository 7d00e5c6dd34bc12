"""Reconstructions A(phi) of configurations at any kappa, and the series that compare them to originals."""

import numpy as np
import torch

from phi4hpc.latent import observables

CHUNK = 512
SERIES = (observables.magnetisation, observables.hopping, observables.phi2, observables.phi4,
          observables.propagator)


@torch.no_grad()
def reconstruct(model, phi_nyx):
    """Return A(phi) of each configuration, shape and type as given."""
    phi_nyx = np.ascontiguousarray(phi_nyx)
    weight = next(model.parameters())
    pieces = [model(torch.from_numpy(phi_nyx[first:first + CHUNK]).to(weight).flatten(1)).cpu().numpy()
              for first in range(0, len(phi_nyx), CHUNK)]
    return np.concatenate([np.empty((0, model.sites)), *pieces]).astype(phi_nyx.dtype).reshape(phi_nyx.shape)


def series(phi_nyx):
    """Return {name: float64 series} of latent.observables: densities (n,) and the propagator (n, L/2 + 1)."""
    x_nD = torch.from_numpy(np.asarray(phi_nyx, dtype=np.float64)).flatten(1)
    return {observable.__name__: observable(x_nD).numpy() for observable in SERIES}
