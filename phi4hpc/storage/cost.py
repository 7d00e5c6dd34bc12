"""What a lattice takes on the disk, by its deck alone."""

from phi4hpc.deck.schema import Deck

SITE_BYTES = {'float32': 4, 'float64': 8}
"""Bytes of a field at a site."""
DRAW_BYTES = 5 * 8 + 4 + 4
"""Bytes of a draw beside its field: five float64 series, the number of its replica, a checksum."""
FIELD_BYTES = 4
"""Bytes of a kept field beside its sites: a checksum."""


def disk_bytes(deck: Deck, L: int) -> int:
    """Return the bytes of the draws of an L x L lattice in ensembles.h5."""
    series, every = deck.ladder.replicas, deck.sample.fields
    fields = deck.sample.draws // every if every else 0
    field = L**2 * SITE_BYTES[deck.precision] + FIELD_BYTES
    return series * (deck.sample.draws * DRAW_BYTES + fields * field)
