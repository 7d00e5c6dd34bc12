"""What the flow of a deck consists of: each block spin on the draws of one lattice and kappa."""

from dataclasses import dataclass
from typing import Any

from phi4hpc.blockspin.models import Model, changed, models
from phi4hpc.deck.plugged import Entry
from phi4hpc.deck.schema import Deck
from phi4hpc.flow.block import Block


@dataclass(frozen=True)
class Unit:
    """A block spin, and the draws that it is applied to."""

    name: str
    """The block spin's, as in the deck."""
    block: Block
    L: int
    kappa: float
    lam: float
    model: Model | None = None
    """The model whose encoder a learned block spin is."""

    @property
    def blocks(self) -> str:
        """The name of the block spin with its settings, such as tunable_w0.3 or majority_signs."""
        own = self.block.model_copy(update={'signs': False})
        words = [f'{self.name}:{self.model.name}'] if self.model else [self.name, *map(
            _without_true, changed(own))]
        return '_'.join([*words, *['signs'] * self.block.signs])

    @property
    def group(self) -> str:
        """The name of its group in flow.h5."""
        return f'{self.blocks}/L{self.L:03d}_k{self.kappa:g}'

    @property
    def about(self) -> dict[str, Any]:
        """What it is, as plain values."""
        found = {'blocks': self.blocks, 'lambda': self.lam, 'kappa': self.kappa, 'start': self.L}
        return found | ({'model': self.model.name, 'seed': self.model.seed} if self.model else {})


def units(deck: Deck) -> list[Unit]:
    """Return the units of a deck in order; a learned block spin is one for each model."""
    flow = deck.flow
    if flow is None:
        return []
    return [Unit(entry.name, entry.settings, L, kappa, deck.action.lam, model)
            for entry in flow.blocks for kappa in flow.kappas
            for L in flow.lattices for model in learned(deck, entry, kappa)]


def learned(deck: Deck, entry: Entry, kappa: float) -> list[Model | None]:
    """Return the models that a learned block spin stands for at kappa; [None] for any other."""
    if not entry.settings.learned:
        return [None]
    at = kappa if entry.settings.kappa is None else entry.settings.kappa
    return [model for model in models(deck)
            if model.kappa == at and model.settings.halves(model.L)]


def _without_true(word: str) -> str:
    # A setting that is switched on is named without its value.
    return word.removesuffix('true')
