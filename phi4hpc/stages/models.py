"""The models of a deck: their names, where their files are, and which draws they have not seen."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """One autoencoder of the deck, trained at one kappa."""

    L: int
    kappa: float
    family: str
    latent: int

    @property
    def name(self):
        """Return the name of its files and groups, such as L032_k0.269_dense_d64."""
        return f'L{self.L:03d}_k{self.kappa:g}_{self.family}_d{self.latent}'


def models(deck):
    """Return the deck's models in order."""
    train = deck.train
    return [Model(train.lattice, kappa, family, latent)
            for kappa in train.kappas for latent in train.latents for family in train.families]
