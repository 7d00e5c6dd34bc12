"""`decimation`: a latent is one site of each block. It is not trained."""

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.lattice.blocks import decimating_rows


class Family(family.Blocked, family.Baseline):
    """The first site of each block of b x b sites, decoded by the best linear map."""

    def encoder(self, latent: int, ensemble: MeasuredEnsemble) -> np.ndarray:
        rows_Xx = decimating_rows(ensemble.L, self.block)
        return np.kron(rows_Xx, rows_Xx)
