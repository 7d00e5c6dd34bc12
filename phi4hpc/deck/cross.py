"""Faults between keys that are each right alone.

Each check yields the path to blame and what was expected. The checks see the deck as plain data in
which None stands for what is itself at fault or was left out, so that they find all there is to
find in a deck that has other faults.
"""

import json
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from phi4hpc.deck.algorithms import algorithm, ergodic
from phi4hpc.deck.parts import length, split
from phi4hpc.deck.places import Path
from phi4hpc.deck.rungs import STEP, about
from phi4hpc.deck.rungs import faults as impossible
from phi4hpc.deck.schema import (
    BLOCKS,
    FAMILIES,
    FEWEST_DRAWS,
    SHORTEST_ROUND,
    Action,
    Flow,
    Sample,
    Train,
)
from phi4hpc.errors import UserError
from phi4hpc.lattice.operator import load
from phi4hpc.lattice.transition import LARGEST, SMALLEST, tabulated

Found = Iterator[tuple[Path, str]]


def between_keys(data: Any, bad: Collection[Path] = ()) -> Found:
    """Yield (path, message) for every fault between keys; those at the paths `bad` are faulty."""
    deck = _pruned(data, frozenset(bad))
    if not any(path[:1] == ('ladder',) for path in bad):
        yield from _laddered(deck)
    for check in (_ascending, _converging, _sampled, _modelled, _alike, _testing, _kept, _ergodic,
                  _settling, _observed, _flowing, _learned):
        yield from check(deck)


def _pruned(data, bad, path=()):
    if path in bad:
        return None
    if isinstance(data, dict):
        return {key: _pruned(value, bad, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [_pruned(value, bad, (*path, i)) for i, value in enumerate(data)]
    return data


def _get(data, *path):
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def _items(data, *path):
    """Yield (path of the item, item) of the list at `path`, faulty ones left out."""
    for i, value in enumerate(_get(data, *path) or ()):
        if value is not None:
            yield (*path, i), value


def _laddered(deck):
    if sum(_get(deck, 'ladder', key) is not None for key in ('kappas', 'tuned', 'critical')) != 1:
        yield ('ladder',), ('expected one of three: kappas, the rungs themselves; tuned, how many '
                            'rungs are to be placed between which ends; or critical, rungs as '
                            'differences from kappa_c')
    elif differences := _get(deck, 'ladder', 'critical'):
        lam = _lambda(deck)
        if lam is not None and not tabulated(lam):
            yield ('action', 'lambda'), (
                f'kappa_c is not known at lambda = {lam}: expected {SMALLEST} <= lambda <= '
                f'{LARGEST}, or rungs as ladder.kappas instead of ladder.critical')
        elif lam is not None:
            for i, said in impossible(lam, differences):
                yield ('ladder', 'critical', i), said
    elif tuned := _get(deck, 'ladder', 'tuned'):
        yield from _between_ends(tuned)


def _lambda(deck):
    """Return lambda, also where the deck leaves it out; None where it is faulty."""
    return (_get(deck, 'action') or {}).get('lambda', Action.model_fields['lam'].default)


def _between_ends(tuned):
    low, high, pinned = tuned['lowest'], tuned['highest'], tuned.get('pinned', [])
    if high <= low:
        said = f'{high} does not exceed the lowest rung, {low}: expected more'
        yield ('ladder', 'tuned', 'highest'), said
    for i, kappa in enumerate(pinned):
        if not low < kappa < high:
            said = f'{kappa} is not between the ends: expected {low} < kappa < {high}'
            yield ('ladder', 'tuned', 'pinned', i), said
    if tuned['rungs'] < len(pinned) + 2:
        yield ('ladder', 'tuned', 'rungs'), (
            f'{tuned["rungs"]} rungs for two ends and {len(pinned)} pinned: '
            f'expected at least {len(pinned) + 2}')
    elif high > low and high - low < STEP * tuned['rungs']:
        yield ('ladder', 'tuned', 'rungs'), (
            f'{tuned["rungs"]} rungs from {low} to {high} have no room: '
            f'expected at most one in {STEP:g}')


def _rungs(deck):
    """Yield (path, kappa) of every rung that follows from the deck alone, None for a faulty one."""
    for path in ('ladder', 'kappas'), ('ladder', 'tuned', 'pinned'):
        yield from (((*path, i), kappa) for i, kappa in enumerate(_get(deck, *path) or ()))
    if _get(deck, 'ladder', 'tuned'):
        ends = [('ladder', 'tuned', end) for end in ('lowest', 'highest')]
        yield from ((path, _get(deck, *path)) for path in ends)
    differences, lam = _get(deck, 'ladder', 'critical'), _lambda(deck)
    if _sound(differences) and lam is not None and tabulated(lam):
        placed = enumerate(about(lam, differences))
        yield from ((('ladder', 'critical', i), kappa) for i, kappa in placed)


def _ascending(deck):
    for path in (('lattice', 'sizes'), ('ladder', 'kappas'), ('ladder', 'critical'),
                 ('ladder', 'tuned', 'pinned')):
        for (_, low), (where, high) in pairwise(_items(deck, *path)):
            if high <= low:
                yield where, f'{high} does not exceed {low} before it: expected ascending values'


def _converging(deck):
    if _get(deck, 'action', 'lambda') == 0:
        for where, kappa in _rungs(deck):
            if kappa is not None and kappa >= 0.25:
                yield where, (f'kappa = {kappa} diverges at lambda = 0: '
                              'expected kappa < 0.25, or lambda > 0')


def _sampled(deck):
    sizes, rungs = _get(deck, 'lattice', 'sizes'), [kappa for _, kappa in _rungs(deck)]
    for where, size in _asked_for(deck):
        if _sound(sizes) and size not in sizes:
            listed = ', '.join(map(str, sizes))
            yield where, f'L = {int(size)} is not sampled: expected one of lattice.sizes, {listed}'
    for where, kappa in (*_items(deck, 'train', 'kappas'), *_items(deck, 'flow', 'kappas')):
        if _sound(rungs) and kappa not in rungs:
            nearest = min(rungs, key=lambda rung: abs(rung - kappa))
            expected = 'one of ladder.tuned.pinned' if _get(deck, 'ladder', 'tuned') else 'a rung'
            yield where, (f'kappa = {kappa} is not on the ladder: expected {expected}; '
                          f'{nearest} is nearest')


def _asked_for(deck):
    """Yield (path, L) of the lattices whose configurations are made use of."""
    if size := _get(deck, 'train', 'lattice'):
        yield ('train', 'lattice'), size
    yield from _items(deck, 'flow', 'lattices')


def _sound(values):
    return bool(values) and None not in values


def _modelled(deck):
    """Yield what is wrong with the families' settings on the lattice that is trained on, and models
    that are twice.
    """
    size, seen = _get(deck, 'train', 'lattice'), set()
    for where, said in _items(deck, 'train', 'models') if size else ():
        entry = _entry(said)
        inside = entry and list(entry.settings.faults(int(size)))
        for path, message in inside or ():
            yield (*where, entry.name, *path), message
        for i, latent in enumerate(entry.settings.sizes(int(size)) if entry and not inside else ()):
            others = entry.settings.model_dump(mode='json', exclude={'latents'})
            model = entry.name, latent, json.dumps(others)
            if model in seen:
                path = ('latents', i) if 'latents' in said[entry.name] else ()
                again = f'd = {latent} with these settings is there already: expected once'
                yield (*where, entry.name, *path), again
            seen.add(model)


def _entry(said, folder=FAMILIES):
    """Return the Entry of a plug-in without the settings that are themselves faulty; None where it
    cannot do so.
    """
    (name, settings), = said.items()
    try:
        sound = {key: value for key, value in settings.items() if value is not None}
        return folder.entry({name: sound})
    except (AttributeError, ValidationError):
        return None


def _alike(deck):
    # A model is named by its kappa to six digits, and a cost is known by its name alone.
    for path, name_of in ((('train', 'kappas'), '{:g}'.format), (('train', 'costs'), ''.join),
                          (('flow', 'lattices'), 'L = {:g}'.format),
                          (('flow', 'kappas'), '{:g}'.format), (('flow', 'blocks'), _said)):
        seen = set()
        for where, value in _items(deck, *path):
            name = name_of(value)
            if name in seen:
                yield where, f'{name} is there already: expected each once'
            seen.add(name)


def _said(entry):
    """Return what the deck says of a plug-in, in one line."""
    (name, settings), = entry.items()
    words = ', '.join(f'{key}: {json.dumps(value)}' for key, value in (settings or {}).items())
    return f'{name} {{{words}}}' if words else name


def _kept(deck):
    every = _get(deck, 'sample', 'fields')
    if _get(deck, 'flow') and every == 0:
        yield ('sample', 'fields'), ('0 with a section flow, which takes configurations: '
                                     'expected 1 or more')
    if _get(deck, 'train') and every not in (None, 1):
        yield ('sample', 'fields'), (f'{every} with a section train, which takes the field of '
                                     'every draw: expected 1')


def _observed(deck):
    for path in (('measure', 'observables'), ('analyse', 'observables'), ('flow', 'operators'),
                 ('report', 'figures')):
        names = list(_items(deck, *path))
        for n, (where, name) in enumerate(names):
            if name in [earlier for _, earlier in names[:n]]:
                yield where, f'{name} is there already: expected each once'


def _flowing(deck):
    smallest = _default(Flow, 'smallest', _get(deck, 'flow'))
    for where, size in _items(deck, 'flow', 'lattices') if smallest else ():
        if size < 2 * smallest:
            yield where, (f'L = {int(size)} has {int(size) // 2} blocks a side, and the smallest '
                          f'lattice of blocks is {int(smallest)}: expected at least '
                          f'{2 * int(smallest)}, or a smaller flow.smallest')
    for where, name in _items(deck, 'flow', 'operators') if smallest else ():
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
    size, kappas = _get(deck, 'train', 'lattice'), _get(deck, 'train', 'kappas') or []
    entries = [_entry(said) for _, said in _items(deck, 'train', 'models')] if size else []
    for where, said in _items(deck, 'flow', 'blocks'):
        block = _entry(said, BLOCKS)
        if block is None or not block.settings.learned:
            continue
        own = block.settings.kappa
        if not _get(deck, 'train'):
            yield where, 'no model is trained: expected a section train'
        elif size and not any(_halves(entry, int(size)) for entry in entries):
            yield where, ('no model of train.models has one latent for 2 x 2 sites, the same for '
                          'all: expected one such as convolutional: {block: 2}')
        elif (asked := [own] if own else _get(deck, 'flow', 'kappas') or []) and not any(
                kappa in (None, *kappas) for kappa in asked):
            yield where, (f'no model is trained at kappa = {asked[0]}: expected train.kappas to '
                          'have it, or here as kappa one that they have')


def _halves(entry, size):
    """Return whether a family may be a block spin of 2 x 2 sites."""
    return entry is None or entry.settings.halves(size)


def _testing(deck):
    if not _get(deck, 'train'):
        return
    draws = _default(Sample, 'draws', _get(deck, 'sample'))
    part = _default(Train, 'held_out', _get(deck, 'train'))
    if draws and part and (n := length(split(draws, part)[-1])) < FEWEST_DRAWS:
        yield ('train', 'held_out'), (
            f'{part} of {draws} draws leaves {n} to test, and an error takes {FEWEST_DRAWS}: '
            f'expected {2 * FEWEST_DRAWS} draws held out, or more sample.draws')


def _ergodic(deck):
    recipe = _get(deck, 'sample', 'recipe')
    named = [item for sweeps in recipe for item in sweeps.items()] if _sound(recipe) else []
    if not _sound([sweeps for _, sweeps in named]):
        return
    if not any(algorithm(name).ERGODIC for name, _ in named):
        yield ('sample', 'recipe'), ('these alone do not reach every field: expected '
                                     f'{" or ".join(ergodic())} among the sweeps of a step')


def _settling(deck):
    steps = _default(Sample, 'thermalisation', _get(deck, 'sample'))
    if _get(deck, 'ladder', 'tuned') and steps and steps < 2 * SHORTEST_ROUND:
        yield ('sample', 'thermalisation'), (
            f'{int(steps)} steps are too few to tune a ladder in: '
            f'expected at least {2 * SHORTEST_ROUND}, better thousands')


def _default(section, key, data):
    return (data or {}).get(key, section.model_fields[key].default)
