"""`key=value` on the command line: it replaces what the deck says, and is checked like it."""

from collections.abc import Iterable

from phi4hpc.deck.marked import read
from phi4hpc.deck.places import Fault, Place, Tree, one_line
from phi4hpc.errors import DeckError


def apply(overrides: Iterable[str], tree: Tree) -> list[Fault]:
    """Put each `key=value` into the tree, where the last word counts; return the faults.

    Keys are dotted paths, with item numbers from 0 in lists (`ladder.kappas.0=0.25`); values are
    YAML.
    """
    faults = []
    for order, override in enumerate(overrides, start=1):
        try:
            _apply(order, override, tree)
        except LookupError as error:
            faults.append(Fault(_place(order, override), (), error.args[0]))
    return faults


def _apply(order, override, tree):
    key, equals, text = override.partition('=')
    names = key.strip().split('.')
    if not equals or not all(names):
        raise LookupError('expected key=value, such as sample.draws=100')
    tree.put(names, _value(text), _place(order, override))


def _place(order, override):
    return Place(order, 0, 0, f'command line: {one_line(override)}')


def _value(text):
    if not text.strip():
        return None
    try:
        tree, faults = read(text, '')
    except DeckError as error:
        faults = error.faults
    if faults:
        raise LookupError('expected a value in YAML, such as 100, [0.26, 0.269] or null')
    return tree.data
