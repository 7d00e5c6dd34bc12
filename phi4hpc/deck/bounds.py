"""Bounds on what a deck multiplies up to: no machine holds more, and no random stream feeds it."""

from collections import Counter
from collections.abc import Iterator

from phi4hpc.deck.places import Path
from phi4hpc.deck.schema import Deck

SWEEPS = 2**32
"""Sweeps of an algorithm that a stream of random numbers tells apart (kernels/philox.cuh)."""
REPLICAS = 2**31
"""Replicas of a lattice that kernels number."""
SERIES_BYTES = 48
"""Bytes of a draw beside its field, about."""
MEMORY, DISK = 2**53, 2**57
"""Bytes of all fields at once, and of all draws: more than any machine has in all."""


def beyond(deck: Deck) -> Iterator[tuple[Path, str]]:
    """Yield (path to blame, what was expected) for each product of a sound deck that is too large.
    """
    sample, replicas, steps = deck.sample, deck.ladder.replicas, deck.sample.steps
    sweeps = max(_sweeps(deck).values())
    if steps * sweeps >= SWEEPS:
        yield ('sample', 'draws'), (
            f'{steps:.3g} steps with {sweeps} sweeps each are more than a stream of random numbers '
            f'counts: expected at most {(SWEEPS - 1) // sweeps} steps in all')
    if replicas >= REPLICAS:
        yield ('ladder', 'chains'), (
            f'{replicas:.3g} replicas of each lattice: expected fewer than {REPLICAS}')
    site = 4 if deck.precision == 'float32' else 8
    fields = replicas * site * sum(L**2 for L in deck.lattice.sizes)
    if fields > MEMORY:
        yield ('ladder', 'chains'), (
            f'the fields of all replicas take {fields:.3g} bytes: expected at most {MEMORY:.3g}')
    kept = sample.draws // sample.fields if sample.fields else 0
    draws = kept * fields + replicas * len(deck.lattice.sizes) * sample.draws * SERIES_BYTES
    if draws > DISK:
        yield ('sample', 'draws'), (
            f'all draws take {draws:.3g} bytes: expected at most {DISK:.3g}')


def _sweeps(deck: Deck) -> Counter[str]:
    """Return {algorithm: its sweeps in a step}."""
    counts: Counter[str] = Counter()
    for part in deck.sample.recipe:
        counts.update(part)
    return counts
