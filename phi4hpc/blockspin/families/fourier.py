"""`fourier`: the linear optimum, the d Fourier modes of largest G(p). It is not trained."""

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.blockspin.ensemble import MeasuredEnsemble


class Family(family.Sized, family.Baseline):
    """The best linear autoencoder of an ensemble: its d leading Fourier modes, orthonormal."""

    def encoder(self, latent: int, ensemble: MeasuredEnsemble) -> np.ndarray:
        return ensemble.modes(latent).basis_dD

    def decoder(self, encoder_dD: np.ndarray, ensemble: MeasuredEnsemble) -> np.ndarray:
        return encoder_dD.T
