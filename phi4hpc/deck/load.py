"""The one door to a deck: read, override, judge each key alone and with others, in one go."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from phi4hpc import plugins
from phi4hpc.deck.bounds import beyond
from phi4hpc.deck.cross import between_keys
from phi4hpc.deck.faults import typed
from phi4hpc.deck.marked import read
from phi4hpc.deck.overrides import apply
from phi4hpc.deck.places import Fault
from phi4hpc.deck.rungs import about
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import DeckError

LARGEST = 2**20


@dataclass(frozen=True)
class Loaded:
    """A deck without faults, and the text it came from."""

    deck: Deck
    text: str

    @property
    def meaning(self) -> dict[str, Any]:
        """Return all that the deck says, with defaults and overrides, as plain values.

        They load as the same deck.
        """
        return self.deck.model_dump(mode='json', by_alias=True)


def load(path: str | os.PathLike[str], overrides: Iterable[str] = ()) -> Loaded:
    """Return the deck in the file `path`, changed by `overrides` (each `key=value`), as Loaded.

    Raises DeckError with every fault, a line each, sorted by line:
    `file:line:col: path: what was expected`.
    """
    plugins.look_into(os.path.dirname(os.path.realpath(path)), os.getcwd())
    return parse(_text(path), str(path), overrides)


def parse(text: str, label: str, overrides: Iterable[str] = ()) -> Loaded:
    """As `load`, of a deck's text; `label` stands for the file's name in the faults."""
    tree, faults = read(text, label)
    faults = faults + apply(overrides, tree)
    deck, wrong = typed(tree)
    faults += wrong
    for path, message in between_keys(tree.data, bad=[fault.path for fault in wrong]):
        faults.append(Fault(tree.value(path), path, message))
    if deck and not faults:
        deck = placed(deck)
        faults = [Fault(tree.value(path), path, message) for path, message in beyond(deck)]
    if faults or not deck:
        raise DeckError(str(fault) for fault in sorted(faults, key=_order))
    return Loaded(deck, text)


def placed(deck: Deck) -> Deck:
    """Return the deck with the rungs of `ladder.critical` as kappas; any other deck as it is."""
    if deck.ladder.critical is None:
        return deck
    kappas = about(deck.action.lam, deck.ladder.critical)
    ladder = deck.ladder.model_copy(update={'kappas': kappas, 'critical': None})
    return deck.model_copy(update={'ladder': ladder})


def _order(fault):
    return *fault.place[:3], str(fault)


def _in_place_of(path):
    """Return in words which deck may have been meant by a path that is none."""
    deck = os.path.join(path, 'deck.resolved.yaml')
    if os.path.exists(deck):
        return f', such as that of this run: {deck} --out {path}'
    folder, name = os.path.split(path)
    try:
        there = [each for each in os.listdir(folder or '.')
                 if each.endswith(('.yaml', '.yml')) and each != name]
    except OSError:
        return ''
    near = get_close_matches(name, there, n=1)
    return f'; did you mean {os.path.join(folder, near[0])}?' if near else ''


def _text(path):
    try:
        with open(path, 'rb') as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise DeckError([f'{path}: {error.strerror}: expected a deck in YAML{_in_place_of(path)}']
                        ) from None
    if len(raw) > LARGEST:
        raise DeckError([f'{path}:1:1: more than {LARGEST >> 20} MiB: expected a deck in YAML'])
    try:
        return raw.decode('utf-8-sig')
    except UnicodeDecodeError as error:
        at = error.start
        line, column = raw.count(b'\n', 0, at) + 1, at - raw.rfind(b'\n', 0, at)
        raise DeckError([f'{path}:{line}:{column}: byte {raw[at]:#04x}: expected text in '
                         'UTF-8']) from None
