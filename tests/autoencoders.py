"""Ensembles and models for tests: every family of the package, and what a deck would make of it on
a small lattice.
"""

import numpy as np
import torch
from torch import nn

from phi4hpc.blockspin.autoencoder import Autoencoder, build
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.models import Model
from phi4hpc.deck.plugged import Entry
from phi4hpc.deck.schema import COSTS, FAMILIES

SMALL = {'cubic': {'encoding': 'cubic'}, 'dense': {'hidden': 9}, 'mygroup.nets': {'width': 3},
         'convolutional': {'block': 2, 'channels': 2, 'width': 3, 'depth': 1},
         **{name: {'block': 2} for name in ('kadanoff', 'zone', 'decimation')}}
"""Settings that suit a lattice of four to eight sites, and leave no part of a family out."""


class Applied(nn.Module):
    """A function of numbers as a layer of its own."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def free_propagator(L: int, kappa: float = 0.24) -> np.ndarray:
    """Return G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) of the theory without interaction."""
    cosine = np.cos(2 * np.pi * np.arange(L) / L)
    return 1 / (2 * (1 - 2 * kappa * (cosine[:, None] + cosine)))


def ensemble(L: int = 6, kappa: float = 0.24, seed: int = 1) -> MeasuredEnsemble:
    """Return the ensemble of free fields, with the seed of first weights."""
    return MeasuredEnsemble(L, kappa, 0.0, free_propagator(L, kappa), (seed,))


def model(name: str, latent: int = 7, L: int = 6, costs: tuple[Entry, ...] = (),
          **settings: object) -> Model:
    """Return a family's model, of `latent` latents where the deck chooses them, with small settings
    unless given.
    """
    family = FAMILIES.section(name)
    sizes = {'latents': [latent]} if 'latents' in family.model_fields else {}
    made = family.model_validate(SMALL.get(name, {}) | sizes | settings)
    return Model(L, 0.24, name, made, made.sizes(L)[0], costs)


def network(name: str, latent: int = 7, L: int = 6, seed: int = 1,
            propagator_yx: np.ndarray | None = None, **settings: object) -> Autoencoder:
    """Return a family's network with its first weights, from free fields or from the propagator
    that is given.
    """
    made, known = model(name, latent, L, **settings), ensemble(L, seed=seed)
    if propagator_yx is not None:
        known = MeasuredEnsemble(L, 0.24, 0.0, propagator_yx, (seed,))
    return build(made.settings, made.latent, known)


class Packed(nn.Module):
    """A model with half the latents of another: of each pair one is rounded to steps of 1/2, and
    the other is held in what is left of a step.
    """

    STEP, FINE = 0.5, 0.05

    def __init__(self, model):
        super().__init__()
        self.model, self.latent, self.L, self.sites = model, model.latent // 2, model.L, model.sites

    def encode(self, x_nD):
        coarse_nd, fine_nd = self.model.encode(x_nD).chunk(2, 1)
        return self.STEP * (coarse_nd / self.STEP).round() + self.FINE * fine_nd.clamp(-4, 4)

    def decode(self, y_nd):
        coarse_nd = self.STEP * (y_nd / self.STEP).round()
        return self.model.decode(torch.cat([coarse_nd, (y_nd - coarse_nd) / self.FINE], 1))

    def forward(self, x_nD):
        return self.decode(self.encode(x_nD))


def moved(network: Autoencoder, by: float = 0.3) -> Autoencoder:
    """Return the network with no weight left at its start."""
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in network.parameters():
            weight += by * torch.randn_like(weight)
    return network


def cost(name: str, **settings: object) -> Entry:
    """Return a cost as the deck has it."""
    return COSTS.entry({name: settings})
