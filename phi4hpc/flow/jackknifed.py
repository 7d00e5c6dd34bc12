"""Numbers that follow from the same draws, and how flow.json has them, with errors of differences.

Axis: b jackknife blocks.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel.jackknife import deleted_error


class Jackknifed(NamedTuple):
    """A number, and what it is with each block of draws deleted.

    So the difference of two that follow from the same draws has the error of a difference, which
    knows what both have in common.
    """

    value: float
    value_b: NDArray

    @property
    def error(self) -> float:
        """Its jackknife error."""
        return float(deleted_error(self.value_b))

    def __sub__(self, other: 'Jackknifed') -> 'Jackknifed':
        return Jackknifed(self.value - other.value, self.value_b - other.value_b)

    def log(self) -> 'Jackknifed':
        """Return its logarithm, nan where there is none."""
        with np.errstate(invalid='ignore', divide='ignore'):
            return Jackknifed(float(np.log(self.value)), np.log(self.value_b))


def pair(value: float, error: float) -> dict[str, Any] | None:
    """Return {'value', 'error'} as plain numbers, None where one of them is not defined."""
    found = {'value': float(value), 'error': float(error)}
    return found if np.isfinite([value, error]).all() else None


def with_changes(one: Jackknifed, smaller: Jackknifed | None,
                 change: Jackknifed | None) -> dict[str, Any] | None:
    """Return a value with its error, as `truncation` by how much a smaller set of operators
    differs, and `change`, what follows has more. All see the same draws, so that these two have
    errors of a difference.
    """
    found = pair(one.value, one.error)
    if found is not None:
        found |= distance('truncation', smaller and abs(one.value - smaller.value),
                          smaller and (one - smaller).error)
        found['change'] = change and pair(change.value, change.error)
    return found


def distance(name: str, value: float | None, error: float | None) -> dict[str, float | None]:
    """Return {name, name_error} as plain numbers, None for what is not known."""
    return {key: float(number) if number is not None and np.isfinite(number) else None
            for key, number in ((name, value), (f'{name}_error', error))}
