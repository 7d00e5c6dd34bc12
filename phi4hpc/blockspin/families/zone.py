"""`zone`: the square Brillouin zone of blocks, the best linear map that commutes with shifts by a block. Not trained.
"""

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.lattice.blocks import zone_rows


class Family(family.Blocked, family.Baseline):
    """A latent a block that holds the momenta |p_mu| <= pi / b: a sharp cut-off in a square."""

    def encoder(self, latent: int, ensemble: family.Ensemble) -> np.ndarray:
        rows_Xx = zone_rows(ensemble.L, self.block)
        return np.kron(rows_Xx, rows_Xx)
