"""What is known of the draws that a model learns from, when its first weights are made."""

from dataclasses import dataclass

import numpy as np

from phi4hpc.blockspin.optimum import covariant
from phi4hpc.lattice.modes import Modes, leading_modes


@dataclass(frozen=True)
class MeasuredEnsemble:
    """The ensemble of an L x L lattice at (kappa, lambda), as its training draws show it."""

    L: int
    kappa: float
    lam: float
    propagator_yx: np.ndarray
    """G(p) = <|phi~(p)|^2> / Omega at all momenta, ordered as by numpy.fft.fft2."""
    seed: tuple[int, ...]
    """Decides every random choice in the first weights, by numpy.random.default_rng(seed). torch's
    own generator is set by it too."""

    @property
    def phi2(self) -> float:
        """<phi^2> of a site, by the sum rule Omega <phi^2> = sum_p G(p)."""
        return float(self.propagator_yx.mean())

    def variance(self, rows_rD: np.ndarray) -> float:
        """Return the sum of the variances of rows (r, D) applied to the fields."""
        return float((covariant(rows_rD, self.propagator_yx) * rows_rD).sum())

    def modes(self, latent: int) -> Modes:
        """Return the Fourier modes that the best linear autoencoder of `latent` latents keeps."""
        return leading_modes(self.propagator_yx, latent)
