"""What a block spin of the flow is: the contract of the files in blocks/, and of a user's own.

A file defines one class, `Block`. Its fields are the settings in the deck, its methods map fields
(n, y, x) on L x L sites to fields (n, Y, X) on L/2 x L/2 blocks of 2 x 2 sites. The file is loaded
to check a deck, so it imports torch within its methods, if at all.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from phi4hpc.deck.section import Section

Coins = Callable[[], np.ndarray]
"""Returns a random sign for every block, (n, Y, X): the same for a draw wherever it is blocked."""
Encode = Callable[[np.ndarray], np.ndarray]
"""The encoder of a trained model, from fields (n, y, x) of any L to latents (n, Y, X)."""


class Block(Section):
    """A block spin. A subclass adds its settings, with defaults and docstrings."""

    signs: bool = False
    """Whether operators are those of the signs of the fields, at every level."""

    of_signs: ClassVar[bool] = False
    """Whether the fields that it makes are signs anyway."""
    homogeneous: ClassVar[bool] = True
    """Whether a field that is multiplied by c > 0 has the c-fold blocks. Otherwise fields have to
    be normalised before the next step."""
    learned: ClassVar[bool] = False
    """Whether it stands for all models of the deck that are block spins; each makes a block spin.
    """

    def first(self, phi_nyx: np.ndarray) -> np.ndarray:
        """Return the fields of level 0, made from the draws as stored. By default they stay."""
        return phi_nyx

    @abstractmethod
    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        """Return the blocks (n, Y, X). `encode` is that of a learned block spin, else None.

        A constant field stays the same where the map is linear and keeps the zero mode.
        """


def signs(phi_nyx: np.ndarray) -> np.ndarray:
    """Return +-1 at every site."""
    return np.where(phi_nyx < 0, -1.0, 1.0)


def sums(phi_nyx: np.ndarray) -> np.ndarray:
    """Return the sum over each block of 2 x 2 sites, (n, Y, X)."""
    n, y, x = phi_nyx.shape
    return phi_nyx.reshape(n, y // 2, 2, x // 2, 2).sum((2, 4))
