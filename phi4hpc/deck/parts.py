"""Which draws of a chain train, which validate, and which test.

Every chain ends with two equal blocks: by the draws of the first the best epoch is chosen, and what
is said of a model comes from the last, which chose nothing. Gaps between the three are used by
none: neighbours in Monte Carlo time are alike, and would let a model be judged on what it was
trained on.
"""

from math import ceil


def split(draws: int, held_out: float) -> tuple[slice, slice, slice]:
    """Return (train, valid, test), slices of a chain of `draws` draws.

    The last two share the part `held_out`. The gaps between them are 2% of the draws, at least one.
    """
    gap, part = ceil(0.02 * draws), round(held_out * draws / 2)
    test = draws - part
    valid = test - gap - part
    return slice(0, valid - gap), slice(valid, valid + part), slice(test, draws)


def length(part: slice) -> int:
    """Return how many draws of a chain are in a part."""
    return part.stop - part.start
