"""Faults of the section flow against the rest of the deck, seen as cross.py sees it."""

from collections.abc import Iterator
from typing import Any

from phi4hpc.deck.places import Path
from phi4hpc.deck.plain import default, get, items, sound_entry
from phi4hpc.deck.schema import BLOCKS, FAMILIES, Flow
from phi4hpc.errors import UserError
from phi4hpc.lattice.operator import load


def flowing(deck: Any) -> Iterator[tuple[Path, str]]:
    """Yield (path to blame, what was expected)."""
    yield from _started(deck)
    yield from _learned(deck)


def _started(deck):
    """Yield which lattices and operators leave no room for blocks."""
    smallest = default(Flow, 'smallest', get(deck, 'flow'))
    for where, size in items(deck, 'flow', 'lattices') if smallest else ():
        if size < 2 * smallest:
            yield where, (f'L = {int(size)} has {int(size) // 2} blocks a side, and the smallest '
                          f'lattice of blocks is {int(smallest)}: expected at least '
                          f'{2 * int(smallest)}, or a smaller flow.smallest')
    for where, name in items(deck, 'flow', 'operators') if smallest else ():
        try:
            reach = load(name).reach
        except UserError as error:
            yield where, str(error)
        else:
            if reach >= smallest:
                yield where, (f'{name} has sites that are {reach} apart, and the smallest lattice '
                              f'is {int(smallest)}: expected less, or a larger flow.smallest')


def _learned(deck):
    """Yield where learned block spins are asked for and no model is trained that is one."""
    size, kappas = get(deck, 'train', 'lattice'), get(deck, 'train', 'kappas') or []
    models = items(deck, 'train', 'models') if size else ()
    entries = [sound_entry(said, FAMILIES) for _, said in models]
    for where, said in items(deck, 'flow', 'blocks'):
        block = sound_entry(said, BLOCKS)
        if block is None or not block.settings.learned:
            continue
        own = block.settings.kappa
        if not get(deck, 'train'):
            yield where, 'no model is trained: expected a section train'
        elif size and not any(_halves(entry, int(size)) for entry in entries):
            yield where, ('no model of train.models has one latent for 2 x 2 sites, the same for '
                          'all: expected one such as convolutional: {block: 2}')
        elif (asked := [own] if own else get(deck, 'flow', 'kappas') or []) and not any(
                kappa in (None, *kappas) for kappa in asked):
            yield where, (f'no model is trained at kappa = {asked[0]}: expected train.kappas to '
                          'have it, or here as kappa one that they have')


def _halves(entry, size):
    """Return whether a family may be a block spin of 2 x 2 sites."""
    return entry is None or entry.settings.halves(size)
