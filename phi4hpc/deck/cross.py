"""Faults between keys that are each right alone: each check yields (path to blame, what was expected).

The checks see the deck as plain data in which None stands for whatever is itself at fault or was left out,
so that they find all there is to find in a deck that has other faults.
"""

from itertools import pairwise

from phi4hpc.deck.parts import length, split
from phi4hpc.deck.schema import ERGODIC, FEWEST_DRAWS, Sample, Train


def between_keys(data, bad=()):
    """Yield (path, message) for every fault between keys of `data`; the paths `bad` are themselves faulty."""
    deck = _pruned(data, frozenset(bad))
    for check in (_ascending, _converging, _sampled, _compressing, _alike, _testing, _ergodic):
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


def _ascending(deck):
    for path in ('lattice', 'sizes'), ('ladder', 'kappas'):
        for (_, low), (where, high) in pairwise(_items(deck, *path)):
            if high <= low:
                yield where, f'{high} does not exceed {low} before it: expected ascending values'


def _converging(deck):
    if _get(deck, 'action', 'lambda') == 0:
        for where, kappa in _items(deck, 'ladder', 'kappas'):
            if kappa >= 0.25:
                yield where, f'kappa = {kappa} diverges at lambda = 0: expected kappa < 0.25, or lambda > 0'


def _sampled(deck):
    sizes, rungs = _get(deck, 'lattice', 'sizes'), _get(deck, 'ladder', 'kappas')
    size = _get(deck, 'train', 'lattice')
    if _sound(sizes) and size is not None and size not in sizes:
        listed = ', '.join(map(str, sizes))
        yield ('train', 'lattice'), f'L = {int(size)} is not sampled: expected one of lattice.sizes, {listed}'
    for where, kappa in _items(deck, 'train', 'kappas'):
        if _sound(rungs) and kappa not in rungs:
            nearest = min(rungs, key=lambda rung: abs(rung - kappa))
            yield where, f'kappa = {kappa} is not on the ladder: expected a rung; {nearest} is nearest'


def _sound(values):
    return bool(values) and None not in values


def _compressing(deck):
    sites = int(_get(deck, 'train', 'lattice') or 0)**2
    for where, latent in _items(deck, 'train', 'latents'):
        if sites and latent > sites:
            yield where, f'latent size {int(latent)} exceeds L^2 = {sites} sites: expected at most {sites}'


def _alike(deck):
    # a model is named by these, the kappa to six digits
    for key in 'kappas', 'families', 'latents':
        seen = set()
        for where, value in _items(deck, 'train', key):
            name = value if isinstance(value, str) else f'{value:g}'
            if name in seen:
                yield where, f'{name} is there already: expected each once'
            seen.add(name)


def _testing(deck):
    if not _get(deck, 'train'):
        return
    draws = _default(Sample, 'draws', _get(deck, 'sample'))
    part = _default(Train, 'held_out', _get(deck, 'train'))
    if draws and part and (n := length(split(draws, part)[-1])) < FEWEST_DRAWS:
        yield ('train', 'held_out'), (f'{part} of {draws} draws leaves {n} to test, and an error takes {FEWEST_DRAWS}: '
                                      f'expected {2 * FEWEST_DRAWS} draws held out, or more sample.draws')


def _ergodic(deck):
    recipe = _get(deck, 'sample', 'recipe')
    named = [item for sweeps in recipe for item in sweeps.items()] if _sound(recipe) else []
    if _sound([sweeps for _, sweeps in named]) and not {name for name, _ in named} & set(ERGODIC):
        yield ('sample', 'recipe'), (f'these alone do not reach every field: expected {" or ".join(ERGODIC)} '
                                     'among the sweeps of a step')


def _default(section, key, data):
    return (data or {}).get(key, section.model_fields[key].default)
