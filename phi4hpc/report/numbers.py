"""Values as physicists write them: 0.26955(3)."""

from collections.abc import Iterable, Mapping
from typing import Any

from phi4hpc.statistics.shown import value_error

UNDEFINED = '–'


def written(estimate: Mapping[str, Any] | None, digits: int = 2) -> str:
    """Return value_error of an entry of results.json, a dash where it is not defined."""
    if estimate is None:
        return UNDEFINED
    return value_error(estimate['value'], estimate['error'], digits)


def ranges(numbers: Iterable[int]) -> str:
    """Return '2 to 8', or '1, 3 and 5 to 7', of ascending whole numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return listed(f'{run[0]} to {run[-1]}' if len(run) > 1 else run[0] for run in runs)


def listed(words: Iterable[object]) -> str:
    """Return 'a', 'a and b' or 'a, b and c'; '' of nothing."""
    *first, last = [str(word) for word in words] or ['']
    return f'{", ".join(first)} and {last}' if first else last
