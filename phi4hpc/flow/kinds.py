"""Kinds of block spins: how flow.json names them, and which of its entries belong together.

A block spin is named `majority`, `learned:<model>`, or either with `_signs` after it where signs
are taken of its fields. Learned block spins that differ by the seed of training are one kind.
"""

import re
from typing import Any

Entry = dict[str, Any]
SIGNS, LEARNED = '_signs', 'learned:'


def without_seed(blocks: str) -> str:
    """Return the name that a learned block spin shares with trainings by other seeds."""
    return re.sub(r'_s\d+(?=(_signs)?$)', '', blocks) if blocks.startswith(LEARNED) else blocks


def of_signs(blocks: str) -> bool:
    """Return whether the fields of a kind of block spin are signs."""
    return blocks.endswith(SIGNS) or blocks.startswith('majority')


def kinds(entries: list[Entry]) -> list[str]:
    """Return the kinds of block spins of some entries, in their order, those of signs last."""
    names = dict.fromkeys(without_seed(entry['blocks']) for entry in entries)
    return sorted(names, key=lambda name: name.endswith(SIGNS))


def of_kind(entries: list[Entry], blocks: str) -> list[Entry]:
    """Return the entries of a kind of block spin on the largest lattice that it starts from."""
    own = [entry for entry in entries if without_seed(entry['blocks']) == blocks]
    largest = max((entry['start'] for entry in own), default=0)
    return [entry for entry in own if entry['start'] == largest]
