"""Rungs that follow from the deck: `ladder.critical` gives them as differences from kappa_c."""

from collections.abc import Iterator, Sequence

from phi4hpc.deck.schema import LARGEST_KAPPA
from phi4hpc.lattice.transition import kappa_c

DIGITS = 6                       # of a hopping, so that it is the same wherever it was computed
STEP = 10.0**-DIGITS


def about(lam: float, differences: Sequence[float]) -> list[float]:
    """Return the rungs at these differences from kappa_c(lambda)."""
    middle = kappa_c(lam)
    return [round(middle + difference, DIGITS) for difference in differences]


def faults(lam: float, differences: Sequence[float]) -> Iterator[tuple[int, str]]:
    """Yield (number of a difference, what was expected) for every rung that no ladder can have."""
    rungs = about(lam, differences)
    for i, rung in enumerate(rungs):
        if not 0 <= rung <= LARGEST_KAPPA:
            yield i, (f'kappa_c + ({differences[i]:g}) = {rung:g} is no hopping: expected a '
                      f'difference from {-kappa_c(lam):.6g} to {LARGEST_KAPPA - kappa_c(lam):.6g}')
        elif i and rung <= rungs[i - 1] and differences[i] > differences[i - 1]:
            yield i, (f'the rung {rung:g} is there already, as rungs have {DIGITS} digits: '
                      f'expected at least {STEP:g} more than before it')
