"""Faults between keys that are each right alone.

Each check yields the path to blame and what was expected. The checks see the deck as plain data in
which None stands for what is itself at fault or was left out, so that they find all there is to
find in a deck that has other faults.
"""

import json
from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import Any

from phi4hpc.deck.algorithms import algorithm, ergodic
from phi4hpc.deck.flowing import flowing
from phi4hpc.deck.parts import length, split
from phi4hpc.deck.places import Path
from phi4hpc.deck.plain import default, get, items, pruned, sound_entry
from phi4hpc.deck.rungs import STEP, about
from phi4hpc.deck.rungs import faults as impossible
from phi4hpc.deck.schema import FAMILIES, FEWEST_DRAWS, SHORTEST_ROUND, Action, Sample, Train
from phi4hpc.lattice.transition import LARGEST, SMALLEST, tabulated

Found = Iterator[tuple[Path, str]]


def between_keys(data: Any, bad: Collection[Path] = ()) -> Found:
    """Yield (path, message) for every fault between keys; those at the paths `bad` are faulty."""
    deck = pruned(data, frozenset(bad))
    if not any(path[:1] in ((), ('ladder',)) for path in bad):
        yield from _laddered(deck)
    for check in (_ascending, _converging, _sampled, _modelled, _alike, _testing, _kept, _ergodic,
                  _settling, _observed, flowing):
        yield from check(deck)


def _laddered(deck):
    if sum(get(deck, 'ladder', key) is not None for key in ('kappas', 'tuned', 'critical')) != 1:
        yield ('ladder',), ('expected one of three: kappas, the rungs themselves; tuned, how many '
                            'rungs are to be placed between which ends; or critical, rungs as '
                            'differences from kappa_c')
    elif differences := get(deck, 'ladder', 'critical'):
        lam = _lambda(deck)
        if lam is not None and not tabulated(lam):
            yield ('action', 'lambda'), (
                f'kappa_c is not known at lambda = {lam}: expected {SMALLEST} <= lambda <= '
                f'{LARGEST}, or rungs as ladder.kappas instead of ladder.critical')
        elif lam is not None:
            for i, said in impossible(lam, differences):
                yield ('ladder', 'critical', i), said
    elif tuned := get(deck, 'ladder', 'tuned'):
        yield from _between_ends(tuned)


def _lambda(deck):
    """Return lambda, also where the deck leaves it out; None where it is faulty."""
    return (get(deck, 'action') or {}).get('lambda', Action.model_fields['lam'].default)


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
        yield from (((*path, i), kappa) for i, kappa in enumerate(get(deck, *path) or ()))
    if get(deck, 'ladder', 'tuned'):
        ends = [('ladder', 'tuned', end) for end in ('lowest', 'highest')]
        yield from ((path, get(deck, *path)) for path in ends)
    differences, lam = get(deck, 'ladder', 'critical'), _lambda(deck)
    if _sound(differences) and lam is not None and tabulated(lam):
        placed = enumerate(about(lam, differences))
        yield from ((('ladder', 'critical', i), kappa) for i, kappa in placed)


def _ascending(deck):
    for path in (('lattice', 'sizes'), ('ladder', 'kappas'), ('ladder', 'critical'),
                 ('ladder', 'tuned', 'pinned')):
        for (_, low), (where, high) in pairwise(items(deck, *path)):
            if high <= low:
                yield where, f'{high} does not exceed {low} before it: expected ascending values'


def _converging(deck):
    if get(deck, 'action', 'lambda') == 0:
        for where, kappa in _rungs(deck):
            if kappa is not None and kappa >= 0.25:
                yield where, (f'kappa = {kappa} diverges at lambda = 0: '
                              'expected kappa < 0.25, or lambda > 0')


def _sampled(deck):
    sizes, rungs = get(deck, 'lattice', 'sizes'), [kappa for _, kappa in _rungs(deck)]
    for where, size in _asked_for(deck):
        if _sound(sizes) and size not in sizes:
            listed = ', '.join(map(str, sizes))
            yield where, f'L = {int(size)} is not sampled: expected one of lattice.sizes, {listed}'
    for where, kappa in (*items(deck, 'train', 'kappas'), *items(deck, 'flow', 'kappas')):
        if _sound(rungs) and kappa not in rungs:
            nearest = min(rungs, key=lambda rung: abs(rung - kappa))
            expected = 'one of ladder.tuned.pinned' if get(deck, 'ladder', 'tuned') else 'a rung'
            yield where, (f'kappa = {kappa} is not on the ladder: expected {expected}; '
                          f'{nearest} is nearest')


def _asked_for(deck):
    """Yield (path, L) of the lattices whose configurations are made use of."""
    if size := get(deck, 'train', 'lattice'):
        yield ('train', 'lattice'), size
    yield from items(deck, 'flow', 'lattices')


def _sound(values):
    return bool(values) and None not in values


def _modelled(deck):
    """Yield what is wrong with the families' settings on the lattice that is trained on, and models
    that are twice.
    """
    size, seen = get(deck, 'train', 'lattice'), set()
    for where, said in items(deck, 'train', 'models') if size else ():
        entry = sound_entry(said, FAMILIES)
        inside = entry and [*entry.settings.faults(int(size)), *_own_costs(entry.settings)]
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


def _own_costs(settings):
    """Yield what is wrong with the costs that one model has."""
    if settings.costs and not settings.trained:
        yield ('costs',), 'this family is not trained: expected no costs'
    yield from _repeated((('costs', i), cost.name) for i, cost in enumerate(settings.costs))


def _repeated(named):
    """Yield what is wrong with each of (path, name) whose name was there before."""
    seen = []
    for where, name in named:
        if name in seen:
            yield where, f'{name} is there already: expected each once'
        seen.append(name)


def _alike(deck):
    # A model is named by its kappa to six digits, and a cost is known by its name alone.
    for path, name_of in ((('train', 'kappas'), '{:g}'.format), (('train', 'costs'), ''.join),
                          (('flow', 'lattices'), 'L = {:g}'.format),
                          (('flow', 'kappas'), '{:g}'.format), (('flow', 'blocks'), _said)):
        yield from _repeated((where, name_of(value)) for where, value in items(deck, *path))


def _said(entry):
    """Return what the deck says of a plug-in, in one line."""
    (name, settings), = entry.items()
    words = ', '.join(f'{key}: {json.dumps(value)}' for key, value in (settings or {}).items())
    return f'{name} {{{words}}}' if words else name


def _kept(deck):
    every = get(deck, 'sample', 'fields')
    if get(deck, 'flow') and every == 0:
        yield ('sample', 'fields'), ('0 with a section flow, which takes configurations: '
                                     'expected 1 or more')
    if get(deck, 'train') and every not in (None, 1):
        yield ('sample', 'fields'), (f'{every} with a section train, which takes the field of '
                                     'every draw: expected 1')


def _observed(deck):
    for path in (('measure', 'observables'), ('analyse', 'observables'), ('flow', 'operators'),
                 ('report', 'figures')):
        yield from _repeated(items(deck, *path))


def _testing(deck):
    if not get(deck, 'train'):
        return
    draws = default(Sample, 'draws', get(deck, 'sample'))
    part = default(Train, 'held_out', get(deck, 'train'))
    if draws and part and (n := length(split(draws, part)[-1])) < FEWEST_DRAWS:
        yield ('train', 'held_out'), (
            f'{part} of {draws} draws leaves {n} to test, and an error takes {FEWEST_DRAWS}: '
            f'expected {2 * FEWEST_DRAWS} draws held out, or more sample.draws')


def _ergodic(deck):
    recipe = get(deck, 'sample', 'recipe')
    named = [item for sweeps in recipe for item in sweeps.items()] if _sound(recipe) else []
    if not _sound([sweeps for _, sweeps in named]):
        return
    if not any(algorithm(name).ERGODIC for name, _ in named):
        yield ('sample', 'recipe'), ('these alone do not reach every field: expected '
                                     f'{" or ".join(ergodic())} among the sweeps of a step')


def _settling(deck):
    steps = default(Sample, 'thermalisation', get(deck, 'sample'))
    if get(deck, 'ladder', 'tuned') and steps and steps < 2 * SHORTEST_ROUND:
        yield ('sample', 'thermalisation'), (
            f'{int(steps)} steps are too few to tune a ladder in: '
            f'expected at least {2 * SHORTEST_ROUND}, better thousands')
