"""Values as physicists write them: 0.26955(3)."""

import math

ROUNDING = 1e-12           # of the value: an error below this is that of arithmetic


def value_error(value, error, digits=2):
    """Return value(error) with the error rounded to `digits` significant digits: 1.2345(67), 12.3(1.4), 4100(230).

    An error of 1 or more keeps its decimal point. Where it is not finite, or zero but for rounding,
    six digits of the value stand alone.
    """
    if not (math.isfinite(value) and math.isfinite(error) and error > ROUNDING * abs(value)):
        return f'{value:.6g}'
    places = digits - 1 - exponent(error, digits)
    if places <= 0:
        return f'{round(value, places):.0f}({round(error, places):.0f})'
    shown = f'{error:.{places}f}'
    return f'{value:.{places}f}({shown if float(shown) >= 1 else shown.removeprefix("0.").lstrip("0")})'


def exponent(number, digits):
    """Return the power of ten of the first digit of `number` after it is rounded to `digits` digits."""
    return int(f'{number:.{digits - 1}e}'.partition('e')[2])


def written(estimate, digits=2):
    """Return value_error of an entry of results.json."""
    return value_error(estimate['value'], estimate['error'], digits)


def listed(words):
    """Return 'a', 'a and b' or 'a, b and c'."""
    *first, last = [str(word) for word in words]
    return f'{", ".join(first)} and {last}' if first else last
