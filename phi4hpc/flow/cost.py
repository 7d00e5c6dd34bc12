"""What the flow takes in memory, by the deck alone."""

from phi4hpc.deck.schema import Deck
from phi4hpc.flow import calibration

AT_ONCE = 2**18
"""Sites of the draws that are read at once: about a mebibyte."""
ARRAYS = 30
"""How many arrays of float64 there are of the draws that are read at once, beside a network's:
slopes, powers of the field, and products of them."""


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it blocks the draws of the largest lattice.

    It is 0 where the deck has no section flow.
    """
    if deck.flow is None:
        return 0
    L = max(deck.flow.lattices)
    learned = any(not entry.settings.homogeneous for entry in deck.flow.blocks)
    return 8 * (ARRAYS * max(AT_ONCE, L**2) + learned * 2 * calibration.draws(L) * L**2 // ranks)
