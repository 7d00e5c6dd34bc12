"""Every fault of a key by itself: unknown, missing, or not what was expected; `cross.py` has the
others.
"""

from pydantic import ValidationError

from phi4hpc.deck.editor import keys_of, leaves, node_at
from phi4hpc.deck.places import Fault, Tree, dotted
from phi4hpc.deck.schema import Deck
from phi4hpc.deck.words import expected, got, meant, nearest

MODELS = ('there is no such key any more; '
          'expected train.models: [{fourier: {latents: [61]}}, {dense: {latents: [61]}}]')
GONE = {('storage', 'compression'):
        'there is no such key any more, draws are never compressed; leave it out',
        ('train', 'families'): MODELS, ('train', 'latents'): MODELS,
        ('train', 'hidden'): 'there is no such key any more; '
                             'expected it in train.models: [{dense: {hidden: 256}}]'}
"""What to say of a key that decks once had."""
RENAMED = {'linear': 'fourier'}
"""Plug-ins that once had another name."""
SAID = ('plugin', 'value_error')
"""The types of pydantic's errors whose own message is for the user."""


def typed(tree: Tree) -> tuple[Deck | None, list[Fault]]:
    """Return (Deck or None, faults) of the tree's data."""
    try:
        return Deck.model_validate(tree.data), []
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
    unknown = [_named(e) for e in found if _is_unknown(e)]
    missing = [e['loc'] for e in found if e['type'] == 'missing']
    wrong = [e for e in found if e['type'] != 'missing' and not _is_unknown(e)]
    meant = {(*path[:-1], nearest(path[-1], _siblings(path))) for path in unknown}
    meant |= {('train', 'models') for path in unknown if GONE.get(path) == MODELS}
    return None, [*(_unknown(tree, path) for path in unknown),
                  *(_missing(tree, path) for path in missing if path not in meant),
                  *(_wrong(tree, e['loc'], e['input']) for e in wrong if e['type'] not in SAID),
                  *(Fault(_place(tree, _named(e)), _named(e), _message(e))
                    for e in wrong if e['type'] in SAID)]


def _place(tree, path):
    # An item of a list has no key of its own.
    return tree.value(path) if isinstance(path[-1], int) else tree.key(path)


def _message(error):
    return ' '.join(error['msg'].removeprefix('Value error, ').split())


def _is_unknown(error):
    # A dotted name in the recipe is a module of the user's, and its own message says what is wrong
    # with it.
    named = error['loc'][-1:] == ('[key]',) and '.' not in str(error['loc'][-2:-1])
    return error['type'] == 'extra_forbidden' or named


def _named(error):
    # pydantic blames a key that is no algorithm of `recipe` by its name and one more word
    of_name = error['type'] != 'extra_forbidden' and error['loc'][-1:] == ('[key]',)
    return error['loc'][:-1] if of_name else error['loc']


def _siblings(path):
    return keys_of(node_at(path[:-1]))


def _unknown(tree, path):
    if path in GONE:
        return Fault(tree.key(path), path, GONE[path])
    name, siblings = path[-1], _siblings(path)
    elsewhere = [dotted(leaf) for leaf in leaves() if leaf[-1] == name]
    if (now := RENAMED.get(name)) in siblings:
        remedy = f'it is called {now} now'
    elif near := nearest(name, siblings):
        remedy = f'did you mean {near}?'
    elif elsewhere:
        remedy = f'did you mean {" or ".join(elsewhere)}?'
    else:
        dotted_too = 'patternProperties' in node_at(path[:-1])
        own = ', or a module of yours by its dotted path' if dotted_too else ''
        one_of = 'one of ' if len(siblings) > 1 else ''
        remedy = f'expected {one_of}{", ".join(siblings)}{own}'
    return Fault(tree.key(path), path, f'unknown key; {remedy}')


def _missing(tree, path):
    return Fault(tree.key(path), path, f'missing; expected {expected(node_at(path))}')


def _wrong(tree, path, value):
    node = node_at(path)
    remedy = f'; did you mean {near}?' if (near := meant(node, value)) else ''
    return Fault(tree.value(path), path, f'expected {expected(node)}, got {got(value)}{remedy}')
