"""Means over draws of fields that are normalised at every level, from sums over fields that are
not.

A level's fields are multiplied by one constant r, so that their variance is that of level 0, or of
the ensemble that a learned block spin was trained on. An operator of degree p gets r^p. So the
constants are known as well as all draws allow, and their errors enter those of the exponents.

Axes: l levels, s steps from level s to s + 1, a operators, c couplings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phi4hpc.flow.chain import Chain
from phi4hpc.flow.sums import Operators, Sums


@dataclass(frozen=True)
class Normalisation:
    """How sums over the draws of a chain become means of normalised fields."""

    chain: Chain
    operators: Operators
    variance: float | None
    """<phi^2> of the ensemble that a learned block spin was trained on; None: that of level 0."""

    def constants(self, sums: Sums) -> np.ndarray:
        """Return r of every level, 1 at level 0 and where the block spin makes signs."""
        found_l = np.ones(len(self.chain.sizes))
        if not self.chain.block.of_signs:
            variance_l = self.raw_variance(sums)
            wanted = variance_l[0] if self.variance is None else self.variance
            found_l[1:] = np.sqrt(wanted / variance_l[1:])
        return found_l

    def raw_variance(self, sums: Sums) -> np.ndarray:
        """Return <phi^2> of every level as it was before it was normalised."""
        return sums['square'] / sums['draws'] / np.square(self.chain.sizes)

    def factors(self, sums: Sums) -> np.ndarray:
        """Return what the blocks of normalised fields are divided by at each level, 1 at level 0.
        """
        constant_l = self.constants(sums)
        found_l = np.ones(len(constant_l))
        found_l[1:] = constant_l[:-1] / constant_l[1:]
        found_l[1:1 + len(self.chain.factors)] *= self.chain.factors
        return found_l

    def means(self, sums: Sums) -> Sums:
        """Return the means over draws of all that is summed, for normalised fields."""
        ones_l = np.ones(len(self.chain.sizes))
        r_l1 = (ones_l if self.chain.of_signs else self.constants(sums))[:, None]
        r_la = r_l1 ** _degrees(self.operators.all)
        slope_lc = r_l1 ** (_degrees(self.operators.couplings) - 1)
        scale = {'value': r_la, 'product': r_la[:, :, None] * r_la[:, None],
                 'cross': r_la[1:, :, None] * r_la[:-1, None],
                 'slope': slope_lc[:, :, None] * slope_lc[:, None], 'curvature': slope_lc / r_l1}
        return {name: sums[name] / sums['draws'] * r for name, r in scale.items()}


def _degrees(operators: Sequence) -> np.ndarray:
    return np.array([each.degree for each in operators], int)
