"""`tunable`: a mean over a block and the sites beside it, with one weight to tune.

A block spin with one parameter that is tuned for fast convergence, to other values for even than
for odd exponents, is from Ron, Brandt, Swendsen, arXiv:1703.02430, who do so for Ising spins.
"""

import numpy as np
from pydantic import Field

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode, sums
from phi4hpc.lattice.action import neighbours


class Block(block.Block):
    """The mean over the 2 x 2 sites of a block, with weight 1, and the 8 that adjoin its sides,
    with weight w."""

    w: float = Field(0.1, gt=-0.5, le=1.0)
    """The weight of the sites beside a block; 0 is kadanoff."""

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        inner_nYX = sums(phi_nyx)
        # Two of the four neighbours of each site lie in the block, and two beside it.
        beside_nYX = sums(neighbours(phi_nyx)) - 2 * inner_nYX
        return (inner_nYX + self.w * beside_nYX) / (4 + 8 * self.w)
