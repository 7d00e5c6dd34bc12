"""Autoencoder families: A = g o f with encoder f: R^D -> R^d and decoder g: R^d -> R^D, all odd under Z2.

`linear`: f(x) = E x, g(y) = G y, with E and G = E^T the leading Fourier modes: the linear optimum.
`dense`:  f(x) = E x + W2 s(W1 x), g(y) = G y + V2 s(V1 y): the same path plus a remainder that starts at
zero, so that training starts at the optimum instead of looking for it. No map has a bias: A(-x) = -A(x)
exactly.

The ensemble is nearly Gaussian, and what tanh does to a Gaussian is mostly linear. So s(z) = tanh(z) - a z,
with a such that <z s(z)> = 0 for a unit normal z: the remainder learns what is not linear, and does not fight
the linear path. The functions that a network can represent are the same as with tanh.

The rows of E start orthonormal: a latent is measured in units of the field, and the linear decoder is an
isometry.
"""

import numpy as np
import torch
from torch import nn

LINEAR_PART = 0.6057056  # <z tanh z> of a unit normal z


class Remainder(nn.Module):
    """The odd map z -> linear(z) + outer(s(inner(z)))."""

    def __init__(self, inputs, outputs, hidden):
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=False)
        self.inner = nn.Linear(inputs, hidden, bias=False)
        self.outer = nn.Linear(hidden, outputs, bias=False)

    def forward(self, z):
        looks = self.inner(z)
        return self.linear(z) + self.outer(torch.tanh(looks) - LINEAR_PART * looks)


class Autoencoder(nn.Module):
    """An encoder and a decoder of one family; `build` or `modelfile.load` gives them their weights."""

    def __init__(self, family, sites, latent, hidden):
        super().__init__()
        self.family, self.sites, self.latent, self.hidden = family, sites, latent, hidden
        if family == 'linear':
            self.encoder = nn.Linear(sites, latent, bias=False)
            self.decoder = nn.Linear(latent, sites, bias=False)
        else:
            self.encoder = Remainder(sites, latent, hidden)
            self.decoder = Remainder(latent, sites, hidden)

    def encode(self, x_nD):
        """Return the latents f(x), shape (n, d)."""
        return self.encoder(x_nD)

    def decode(self, y_nd):
        """Return the fields g(y), shape (n, D)."""
        return self.decoder(y_nd)

    def forward(self, x_nD):
        """Return the reconstructions A(x) = g(f(x)), shape (n, D)."""
        return self.decode(self.encode(x_nD))

    def looks(self):
        """Return the weights (r, D) through which the encoder sees a field: f depends on their products with it."""
        layers = [self.encoder] if self.family == 'linear' else [self.encoder.linear, self.encoder.inner]
        return torch.cat([layer.weight for layer in layers])

    def linear_path(self):
        """Return the weights E and G."""
        return [side if self.family == 'linear' else side.linear for side in (self.encoder, self.decoder)]


def build(family, modes, hidden, seed):
    """Return the Autoencoder that is the linear optimum of `modes` (lattice.modes.Modes), in float32.

    The hidden units of `dense` look at the blocked field, E^T E x in the encoder and E^T y in the decoder, at
    sites drawn from `seed` and in units of its standard deviation, where tanh is curved and not saturated.
    Looking at single sites matters: the interaction is local, and rows mixed at random learned nothing in the
    same time.
    """
    latent, sites = modes.basis_dD.shape
    model = Autoencoder(family, sites, latent, hidden)
    basis_dD = torch.from_numpy(modes.basis_dD)
    weights = {'encoder': basis_dD, 'decoder': basis_dD.T}
    if family == 'dense':
        looks_hd = _looks(modes, hidden, np.random.default_rng(seed))
        weights = {f'{side}.linear': weight for side, weight in weights.items()}
        weights |= {'encoder.inner': looks_hd @ basis_dD, 'encoder.outer': torch.zeros(latent, hidden)}
        weights |= {'decoder.inner': looks_hd, 'decoder.outer': torch.zeros(sites, hidden)}
    model.load_state_dict({f'{name}.weight': weight for name, weight in weights.items()})
    return model


def _looks(modes, hidden, rng):
    """Return the rows (h, d) from latents to the blocked field at `hidden` random sites, at unit variance."""
    sites = modes.basis_dD.shape[1]
    deviation = np.sqrt(modes.kept_d.sum() / sites)
    chosen = rng.choice(sites, hidden, replace=hidden > sites)
    return torch.from_numpy(modes.basis_dD[:, chosen].T / deviation)
