"""What is added up over the draws of one ensemble under one block spin, and nothing else is kept.

All results follow from these sums, for each of the jackknife's blocks of draws, so memory does not
grow with the number of draws.

Axes: b jackknife blocks, l levels, s steps from level s to s + 1, a operators, c those of them that
are couplings, n draws, (y, x) sites.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from phi4hpc.flow.chain import Chain
from phi4hpc.lattice.operator import Operator, distinct
from phi4hpc.lattice.polynomials import Fields

COUPLINGS = 3
"""The largest of the nested sets in which couplings are sought: the slopes of more cost more."""
Sums = dict[str, np.ndarray]
SHAPES = {'draws': '', 'square': 'l', 'value': 'la', 'product': 'laa', 'cross': 'saa',
          'slope': 'lcc', 'curvature': 'lc'}
"""The sums over draws, each with b in front: of 1; of sum_x phi(x)^2; of operators S_a and of their
products S_a S_b at each level; of S'_a S_b, the first at the coarser level of a step; and of
sum_x d_x S_a d_x S_b and sum_x d_x^2 S_a."""


@dataclass(frozen=True)
class Operators:
    """The operators that are measured on the fields of a chain, and those that are couplings."""

    all: list[Operator]
    couplings: list[Operator]

    @classmethod
    def of(cls, operators: Sequence[Operator], chain: Chain) -> 'Operators':
        """Return those that make sense: signs have fewer, and no slopes, so no couplings."""
        if chain.of_signs:
            return cls(distinct(operators), [])
        return cls(list(operators), [each for each in operators
                                     if each.even and each.truncation <= COUPLINGS])

    @property
    def reach(self) -> int:
        """How far the sites of slopes are from the site of the slope."""
        return max(each.reach for each in self.all)

    def zeros(self, levels: int, blocks: int) -> Sums:
        """Return sums of nothing."""
        extent = {'l': levels, 's': levels - 1, 'a': len(self.all), 'c': len(self.couplings)}
        return {name: np.zeros((blocks, *(extent[axis] for axis in axes)))
                for name, axes in SHAPES.items()}


def add(sums: Sums, b: int, chain: Chain, operators: Operators, phi_nyx: np.ndarray, replica: int,
        draws: range) -> None:
    """Add some draws of one replica to the sums of block b."""
    finer_na = None
    sums['draws'][b] += len(draws)
    for level, field_nyx in enumerate(chain.levels(phi_nyx, replica, draws)):
        sums['square'][b, level] += np.vdot(field_nyx, field_nyx)
        fields = Fields(chain.measured(field_nyx), operators.reach)
        value_na = np.stack([fields.sums(each.terms) for each in operators.all], -1)
        sums['value'][b, level] += value_na.sum(0)
        sums['product'][b, level] += value_na.T @ value_na
        if finer_na is not None:
            sums['cross'][b, level - 1] += value_na.T @ finer_na
        finer_na = value_na
        if operators.couplings:
            slope_cS = np.stack([fields.values(each.slope).ravel()
                                 for each in operators.couplings])
            sums['slope'][b, level] += slope_cS @ slope_cS.T
            sums['curvature'][b, level] += [fields.sums(each.curvature).sum()
                                            for each in operators.couplings]
