"""`kadanoff`: the mean over a block."""

import numpy as np

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode, sums


class Block(block.Block):
    """Kadanoff's block spin, the mean over 2 x 2 sites."""

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        return sums(phi_nyx) / 4
