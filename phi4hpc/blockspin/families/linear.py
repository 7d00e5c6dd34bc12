"""`linear`: the linear optimum, whose rows are the d Fourier modes of largest G(p). It is not trained."""

import numpy as np

from phi4hpc.blockspin import family


class Family(family.Sized, family.Baseline):
    """The best linear autoencoder of an ensemble: its d leading Fourier modes, orthonormal, each way."""

    def encoder(self, latent: int, ensemble: family.Ensemble) -> np.ndarray:
        return ensemble.modes(latent).basis_dD

    def decoder(self, encoder_dD: np.ndarray, ensemble: family.Ensemble) -> np.ndarray:
        return encoder_dD.T
