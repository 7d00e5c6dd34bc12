"""Couplings of a kind of block spin by level, and the level from which on they are at rest.

It is the first from which on a coupling changes by less than the part STILL from each level to the
next, or by no more than TWO errors above that. Levels share their draws, and so a change has an
error of its own, from the same blocks of draws deleted.
"""

import math
from itertools import pairwise
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np

from phi4hpc.flow.judgement import TWO, changes_of, number, with_seeds
from phi4hpc.flow.kinds import Entry

STILL = 0.1


class Coupling(NamedTuple):
    """A coupling of blocked ensembles in the action of three: the mean over seeds.

    `truncation` is how much the next set of operators changes it, `spread` the standard deviation
    over training seeds; NaN where there is none. `change` is that of its logarithm to the next
    level, with its error; NaN where it is not known.
    """

    level: int
    value: float
    error: float
    truncation: float
    spread: float
    change: float = math.nan
    change_error: float = math.nan

    def to(self, other: 'Coupling') -> tuple[float, float]:
        """Return how much the logarithm changes to another level, and the error.

        Where flow.json does not have that of the difference, as that of an older version, errors
        are added up as if the levels did not share their draws.
        """
        if other.level == self.level + 1 and math.isfinite(self.change_error):
            return self.change, self.change_error
        return (math.log(other.value / self.value),
                math.hypot(other.error / other.value, self.error / self.value))


def couplings(entries: list[Entry], name: str) -> list[Coupling]:
    """Return a coupling, `kappa_prime` or `lambda_prime`, by level where it is defined.

    It is that by the smallest set of operators, those of the lattice action: with more of them
    (kappa', lambda') is no whole description, and with phi^6 it often does not exist. `entries` are
    those of a kind of block spin, of one lattice and kappa.
    """
    found = []
    for level in sorted({entry['level'] for entry in entries}):
        here = [entry for entry in entries if entry['level'] == level]
        of_blocks = [by_sets(here, blocks, name) for blocks in dict.fromkeys(
            entry['blocks'] for entry in here)]
        pairs = [(first, following) for first, following in of_blocks if first]
        if pairs:
            values = [first['value'] for first, _ in pairs]
            error = fmean(first['error'] for first, _ in pairs)
            truncation = fmean(abs(number((following or {}).get('truncation')))
                               for _, following in pairs)
            changes, change_error = changes_of(first for first, _ in pairs)
            found.append(Coupling(level, fmean(values), error, truncation,
                                  stdev(values) if len(values) > 1 else math.nan,
                                  fmean(changes) if changes else math.nan,
                                  with_seeds(change_error, changes)))
    return found


def by_sets(entries: list[Entry], blocks: str,
            name: str) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Return a coupling of one block spin at one level by the smallest set and by the next one."""
    own = sorted((entry for entry in entries if entry['blocks'] == blocks),
                 key=lambda entry: len(entry['operators']))
    first, *more = [entry.get(name) for entry in own]
    return first, (more[0] if more else None)


def changes(found: list[Coupling]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (step, change, error) of the logarithm of a coupling, from each level to the next."""
    of_steps = np.array([(other.level, *one.to(other)) for one, other in pairwise(found)])
    step, change, error = of_steps.reshape(-1, 3).T
    return step, abs(change), error


def at_rest(found: list[Coupling]) -> int | None:
    """Return the first level from which on a coupling is at rest, None where there is none."""
    step, change, error = changes(found)
    for position in range(len(step)):
        later = change[position:] - STILL <= TWO * error[position:]
        if change[position] <= STILL and error[position] <= STILL and later.all():
            return int(step[position]) - 1
    return None
