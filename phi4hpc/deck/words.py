"""What a key expects and what it got, in words of the one who wrote it."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from phi4hpc.deck.editor import choices, keys_of
from phi4hpc.deck.places import quoted

NOUNS = {'integer': 'a whole number', 'number': 'a number', 'boolean': 'true or false',
         'string': 'text (in quotes where it looks like a number)'}


def expected(node: dict[str, Any]) -> str:
    """Return what the JSON Schema `node` asks for: 'a whole number >= 1', 'host or cuda', ..."""
    if choices(node):
        return ' or '.join(choices(node))
    if node['type'] == 'array':
        return f'a list, each item {expected(node["items"])}'
    if 'patternProperties' in node:
        named = ' or '.join(keys_of(node))
        return f'a section of one key, {named} or a dotted path, with its settings'
    if 'propertyNames' in node:
        return f'{expected(node["propertyNames"])}: {expected(node["additionalProperties"])}'
    if node['type'] == 'object':
        return f'a section with {_keys(keys_of(node))}'
    noun = 'an even number' if node.get('multipleOf') == 2 else NOUNS[node['type']]
    return ' '.join([noun, *_bounds(node)])


def _keys(names):
    return f'keys out of {", ".join(names)}' if len(names) > 1 else f'the key {names[0]}'


def _bounds(node):
    low, high = node.get('minimum'), node.get('maximum')
    if low is not None and high is not None:
        return [f'from {low:.10g} to {high:.10g}']
    signs = {'minimum': '>=', 'exclusiveMinimum': '>', 'maximum': '<=', 'exclusiveMaximum': '<'}
    bounds = [f'{sign} {node[key]:.10g}' for key, sign in signs.items() if key in node]
    return [' and '.join(bounds)] if bounds else []


def got(value: Any) -> str:
    """Return a faulty value as the deck might say it, in a few words at most."""
    if isinstance(value, dict | list):
        kind = 'section' if isinstance(value, dict) else 'list'
        return f'a {kind}' if value else f'an empty {kind}'
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: 'nothing', True: 'true', False: 'false'}[value]
    return str(value)


def meant(node: dict[str, Any], value: Any) -> str | None:
    """Return what the faulty `value` was probably meant to be, as the deck would say it, or None.
    """
    if node.get('type') == 'array' and isinstance(value, int | float | str):
        item = value if _fits(node['items'], value) else meant(node['items'], value)
        return None if item is None else f'[{item}]'
    if not isinstance(value, str):
        return None
    if name := nearest(value, keys_of(node)) if _names_one(node) else None:
        return f'{{{name}: {1 if "propertyNames" in node else "{}"}}}'
    return nearest(value, choices(node))


def _fits(node, value):
    kind = 'string' if isinstance(value, str) else 'number'
    alike = {'integer': 'number'}.get(node.get('type'), node.get('type')) == kind
    return alike and not isinstance(value, bool) and (not choices(node) or value in choices(node))


def _names_one(node):
    """Return whether a value is a section of one key, the name of a plug-in."""
    return 'patternProperties' in node or 'propertyNames' in node


def nearest(name: Any, names: Sequence[str]) -> str | None:
    """Return the one of `names` that was probably meant by `name`, or None."""
    return next(iter(get_close_matches(str(name).lower(), names, n=1)), None)
