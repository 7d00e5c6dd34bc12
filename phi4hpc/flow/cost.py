"""What the flow takes in memory, by the deck alone."""

from phi4hpc.deck.schema import Deck
from phi4hpc.flow import calibration
from phi4hpc.storage.layout import CHUNK_BYTES

ARRAYS = 30
"""Arrays of float64, of as many sites as draws that are read at once, beside a network's: slopes,
powers of the field, and products of them."""


def memory_bytes(deck: Deck, ranks: int) -> int:
    """Return about how many bytes a rank holds while it blocks the draws of the largest lattice."""
    assert deck.flow
    L = max(deck.flow.lattices)
    at_once = max(CHUNK_BYTES // 4, L**2)
    learned = any(not entry.settings.homogeneous for entry in deck.flow.blocks)
    return 8 * (ARRAYS * at_once + learned * 2 * calibration.draws(L) * L**2 // ranks)
