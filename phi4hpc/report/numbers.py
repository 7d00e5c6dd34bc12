"""Values as physicists write them: 0.26955(3)."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

ROUNDING = 1e-12           # of the value: an error below this is that of arithmetic
UNDEFINED = '–'


def value_error(value: float, error: float, digits: int = 2) -> str:
    """Return value(error) with the error rounded to `digits` significant digits.

    Such as 1.2345(67), 12.3(1.4), 4100(230): an error of 1 or more keeps its decimal point. Where
    the error is not finite, or is that of rounding, six digits of the value stand alone.
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > ROUNDING * abs(value)):
        return f'{value:.6g}'
    places = digits - 1 - exponent(error, digits)
    if places <= 0:
        return f'{round(value, places):.0f}({round(error, places):.0f})'
    shown = f'{error:.{places}f}'
    digits_only = shown if float(shown) >= 1 else shown.removeprefix('0.').lstrip('0')
    return f'{value:.{places}f}({digits_only})'


def exponent(number: float, digits: int) -> int:
    """Return the power of ten of the first digit of `number`, once rounded to `digits` digits."""
    return int(f'{number:.{digits - 1}e}'.partition('e')[2])


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
    """Return 'a', 'a and b' or 'a, b and c'."""
    *first, last = [str(word) for word in words]
    return f'{", ".join(first)} and {last}' if first else last
