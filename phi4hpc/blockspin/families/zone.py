"""`zone`: the square Brillouin zone of blocks. It is not trained.

It is the best linear map of one latent a block that commutes with shifts by a block.
"""

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.lattice.blocks import zone_rows


class Family(family.Blocked, family.Baseline):
    """A latent a block that holds the momenta |p_mu| <= pi / b: a sharp cut-off in a square."""

    def encoder(self, latent: int, ensemble: MeasuredEnsemble) -> np.ndarray:
        rows_Xx = zone_rows(ensemble.L, self.block)
        return np.kron(rows_Xx, rows_Xx)
