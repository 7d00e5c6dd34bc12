"""Comparison of decks as plain values: where they differ, and a digest by which they are known."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any


def digest(meaning: Any) -> str:
    """Return the SHA-256 of plain values, as hex digits."""
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def compare(old: dict, new: dict, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple, Any, Any]]:
    """Yield (path, old value, new value) for every key in which two decks differ."""
    for key in sorted(set(old) | set(new)):
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            yield from compare(a, b, (*path, key))
        elif a != b:
            yield (*path, key), a, b


def in_words(difference: tuple[tuple, Any, Any]) -> str:
    """Return a difference as `path: old there, new here`."""
    path, old, new = difference
    return f'{".".join(path)}: {old} there, {new} here'
