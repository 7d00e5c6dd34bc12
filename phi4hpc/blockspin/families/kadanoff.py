"""`kadanoff`: a latent is the mean of a block of b x b sites, decoded by the best linear map. It is not trained."""

from collections.abc import Iterator

import numpy as np

from phi4hpc.blockspin import family
from phi4hpc.deck.section import Count


class Family(family.Baseline):
    """Kadanoff's block spins: means over blocks of b x b sites, decoded by the best linear map."""

    block: Count = 4
    """Linear size b of a block, which divides L; the latent size is (L / b)^2."""

    def sizes(self, L: int) -> list[int]:
        return [(L // self.block) ** 2]

    def faults(self, L: int) -> Iterator[tuple[tuple[str | int, ...], str]]:
        if L % self.block:
            yield ('block',), f'blocks of {self.block} sites do not fill L = {L}: expected a divisor of {L}'

    def encoder(self, latent: int, ensemble: family.Ensemble) -> np.ndarray:
        means_bx = np.kron(np.eye(ensemble.L // self.block), np.full(self.block, 1 / self.block))
        return np.kron(means_bx, means_bx)

    def coarse(self, latent: int, L: int) -> tuple[int, int, int]:
        return 1, L // self.block, L // self.block
