"""`zone`: the momenta |p_mu| <= pi / 2, a sharp cut-off in a square."""

import numpy as np

from phi4hpc.flow import block
from phi4hpc.flow.block import Coins, Encode
from phi4hpc.lattice.blocks import zone_rows


class Block(block.Block):
    """The square zone: all momenta that the lattice of blocks can tell apart, and no others."""

    def coarse(self, phi_nyx: np.ndarray, coins: Coins, encode: Encode | None) -> np.ndarray:
        rows_Xx = zone_rows(phi_nyx.shape[-1], 2) / np.sqrt(2)
        return rows_Xx @ phi_nyx @ rows_Xx.T
