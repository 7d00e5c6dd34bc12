"""`kadanoff`: a latent is the mean of a block of b x b sites. It is not trained."""

from typing import Literal

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.lattice.blocks import mean_rows


class Family(family.Blocked, family.Baseline):
    """Kadanoff's block spins: means over blocks of b x b sites."""

    decoding: Literal['best', 'constant'] = 'best'
    """`best`: the linear map of least loss. `constant`: each site of a block has its mean."""

    def encoder(self, latent: int, ensemble: MeasuredEnsemble) -> np.ndarray:
        rows_Xx = mean_rows(ensemble.L, self.block)
        return np.kron(rows_Xx, rows_Xx)

    def decoder(self, encoder_dD: np.ndarray, ensemble: MeasuredEnsemble) -> np.ndarray:
        if self.decoding == 'best':
            return super().decoder(encoder_dD, ensemble)
        return encoder_dD.T * self.block**2
