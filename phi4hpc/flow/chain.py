"""A block spin applied again and again to the draws of one ensemble.

Axes: n draws, (y, x) sites. Level 0 has the draws as stored, level l the blocks of 2^l x 2^l sites.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from phi4hpc.flow.block import Block, Encode, signs
from phi4hpc.kernels.philox import Stream, key, philox


def sizes(L: int, smallest: int) -> list[int]:
    """Return the lattice sizes of all levels, L first: even ones are halved, down to `smallest`."""
    found = [L]
    while found[-1] % 2 == 0 and found[-1] // 2 >= smallest:
        found.append(found[-1] // 2)
    return found


@dataclass(frozen=True)
class Chain:
    """What a block spin makes of draws of L x L sites, level by level."""

    block: Block
    encode: Encode | None
    sizes: list[int]
    seed: int
    """The deck's, which with the number of a draw decides its ties."""
    factors: list[float] = field(default_factory=list)
    """What the fields of each level after the first are divided by; left out: by nothing."""

    @property
    def of_signs(self) -> bool:
        """Whether what is measured are signs."""
        return self.block.signs or self.block.of_signs

    @property
    def as_stored(self) -> bool:
        """Whether level 0 has the draws as they are stored."""
        return type(self.block).first is Block.first

    def levels(self, phi_nyx: np.ndarray, replica: int, draws: range) -> Iterator[np.ndarray]:
        """Yield the fields of each level, (n, y, x), in float64.

        `replica` and `draws` number the draws, so that a draw has the same ties on any rank.
        """
        phi_nyx = self.block.first(phi_nyx.astype(np.float64))
        yield phi_nyx
        for level in range(1, len(self.sizes)):
            phi_nyx = self.coarse(level, phi_nyx, replica, draws)
            if self.factors:
                phi_nyx = phi_nyx / self.factors[level - 1]
            yield phi_nyx

    def coarse(self, level: int, phi_nyx: np.ndarray, replica: int, draws: range) -> np.ndarray:
        """Return the blocks of level `level`, from the fields of the one before."""
        coins = partial(self._coins, level, replica, draws)
        return self.block.coarse(phi_nyx, coins, self.encode)

    def measured(self, phi_nyx: np.ndarray) -> np.ndarray:
        """Return the fields that operators see."""
        return signs(phi_nyx) if self.of_signs else phi_nyx

    def _coins(self, level, replica, draws):
        L = self.sizes[level]
        counter = np.arange(L**2), level, replica, np.array(draws)[:, None]
        word_ns = philox(counter, key(self.seed, Stream.TIES, self.sizes[0]))[0]
        return 1 - 2.0 * (word_ns >> 31).reshape(len(draws), L, L)
