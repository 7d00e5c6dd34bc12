"""What is added up over the draws of one ensemble under one block spin, and nothing else is kept.

All results follow from these sums, for each of the jackknife's blocks of draws, so memory does not
grow with the number of draws.

Axes: b jackknife blocks, l levels, s steps from level s to s + 1, a operators, c those of them that
are couplings, n draws, (y, x) sites.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class Measured(NamedTuple):
    """What operators see of the fields of some draws."""

    value_na: np.ndarray
    slope_cc: np.ndarray
    curvature_c: np.ndarray


Known = dict[tuple[int, int], Measured]
"""{(replica, first of its draws): what is measured of some draws as stored}, the same for many
block spins."""
MOST = 500
"""Pieces of draws that Known holds at most, so that its memory does not grow with the draws."""


def measured(operators: Operators, phi_nyx: np.ndarray) -> Measured:
    """Return operators of each draw, and sums over the draws of products of slopes."""
    fields, count = Fields(phi_nyx, operators.reach), len(operators.couplings)
    value_na = np.stack([fields.sums(each.terms) for each in operators.all], -1)
    if not count:
        return Measured(value_na, np.zeros((0, 0)), np.zeros(0))
    slope_cS = np.stack([fields.values(each.slope).ravel() for each in operators.couplings])
    curvature_c = [fields.sums(each.curvature).sum() for each in operators.couplings]
    return Measured(value_na, slope_cS @ slope_cS.T, np.array(curvature_c))


def add(sums: Sums, b: int, chain: Chain, operators: Operators, phi_nyx: np.ndarray, replica: int,
        draws: range, known: Known | None = None) -> None:
    """Add some draws of one replica to the sums of block b.

    What is measured of them as stored is taken from `known`, or left there.
    """
    finer: Measured | None = None
    sums['draws'][b] += len(draws)
    for level, field_nyx in enumerate(chain.levels(phi_nyx, replica, draws)):
        sums['square'][b, level] += np.vdot(field_nyx, field_nyx)
        as_stored = known if level == 0 else None
        found = ((as_stored or {}).get((replica, draws.start))
                 or measured(operators, chain.measured(field_nyx)))
        if as_stored is not None and len(as_stored) < MOST:
            as_stored[replica, draws.start] = found
        sums['value'][b, level] += found.value_na.sum(0)
        sums['product'][b, level] += found.value_na.T @ found.value_na
        if finer is not None:
            sums['cross'][b, level - 1] += found.value_na.T @ finer.value_na
        sums['slope'][b, level] += found.slope_cc
        sums['curvature'][b, level] += found.curvature_c
        finer = found
