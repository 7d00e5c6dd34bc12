"""A value with its error as physicists write them: 0.26955(3)."""

import math

ROUNDING = 1e-12           # of the value: an error below this is that of arithmetic


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
