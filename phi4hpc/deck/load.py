"""The one door to a deck: read, override, judge each key alone and with others, tell all faults at once."""

import hashlib
import json
from dataclasses import dataclass

import yaml

from phi4hpc.deck.cross import between_keys
from phi4hpc.deck.faults import typed
from phi4hpc.deck.marked import read
from phi4hpc.deck.overrides import apply
from phi4hpc.deck.places import Fault
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import DeckError

LARGEST = 2**20


@dataclass(frozen=True)
class Loaded:
    """A deck without faults, the text it came from, what the command line changed, and the digest of both."""

    deck: Deck
    text: str
    overrides: tuple[str, ...]
    digest: str


def load(path, overrides=()):
    """Return the deck in the file `path`, changed by `overrides` (each `key=value`), as Loaded.

    Raises DeckError with every fault, a line each, sorted by line: `file:line:col: path: what was expected`.
    """
    return parse(_text(path), str(path), overrides)


def parse(text, label, overrides=()):
    """As `load`, of a deck's text; `label` stands for the file's name in the faults."""
    tree, faults = read(text, label)
    faults = faults + apply(overrides, tree)
    deck, wrong = typed(tree)
    faults += wrong
    for path, message in between_keys(tree.data, bad=[fault.path for fault in wrong]):
        faults.append(Fault(tree.value(path), path, message))
    if faults:
        raise DeckError(str(fault) for fault in sorted(faults, key=_order))
    return Loaded(deck, text, tuple(overrides), digest(deck))


def _order(fault):
    return *fault.place[:3], str(fault)


def digest(deck, *sections):
    """Return the SHA-256 of what a deck means, as hex digits: of all of it, or of some of its top-level keys.

    Comments, order and spelling of numbers do not count, defaults do.
    """
    meaning = deck.model_dump(mode='json', by_alias=True, include=set(sections) or None)
    return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def resolved(deck):
    """Return the deck as YAML with every default and override in it; it loads as the same deck."""
    meaning = deck.model_dump(mode='json', by_alias=True)
    return yaml.safe_dump(meaning, sort_keys=False, default_flow_style=None, width=110)


def _text(path):
    try:
        with open(path, 'rb') as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise DeckError([f'{path}: {error.strerror}: expected a deck in YAML']) from None
    if len(raw) > LARGEST:
        raise DeckError([f'{path}:1:1: more than {LARGEST >> 20} MiB: expected a deck in YAML'])
    try:
        return raw.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        at = error.start
        line, column = raw.count(b'\n', 0, at) + 1, at - raw.rfind(b'\n', 0, at)
        raise DeckError([f'{path}:{line}:{column}: byte {raw[at]:#04x}: expected text in UTF-8']) from None
