"""`decimation`: the first site of a block. It does not keep the zero mode."""

import numpy as np

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode


class Block(block.Block):
    """The first site of each block of 2 x 2 sites."""

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        return phi_nyx[:, ::2, ::2]
