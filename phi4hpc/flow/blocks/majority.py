"""`majority`: the sign of the sum over a block; a tie is decided by a random sign."""

from typing import ClassVar

import numpy as np

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode, signs, sums


class Block(block.Block):
    """The majority rule of Ising spins: the sign of the sum over 2 x 2 sites.

    Ties, which only signs have, are decided by the stream of random numbers of the draw.
    """

    of_signs: ClassVar[bool] = True

    signs_first: bool = False
    """Whether a site counts by its sign alone, from the first step on."""

    def first(self, phi_nyx: np.ndarray) -> np.ndarray:
        return signs(phi_nyx) if self.signs_first else phi_nyx

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        sum_nyx = sums(phi_nyx)
        ties_nyx = sum_nyx == 0
        return signs(np.where(ties_nyx, coins(), sum_nyx) if ties_nyx.any() else sum_nyx)
