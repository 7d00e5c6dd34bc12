"""The JSON Schema of a deck: by it editors complete and explain keys, and faults say what was
expected.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from phi4hpc.deck.places import Path
from phi4hpc.deck.plugged import user_section
from phi4hpc.deck.schema import Deck


class _Untitled(GenerateJsonSchema):
    """Without the titles that pydantic makes up from the names of keys."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of Deck as a dict."""
    schema = Deck.model_json_schema(schema_generator=_Untitled)
    return {'$schema': _Untitled.schema_dialect, **schema, 'title': 'Input deck of phi4hpc'}


def json_schema_text() -> str:
    """Return the JSON Schema as it is committed in input/deck.schema.json."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + '\n'


def node_at(path: Path) -> dict[str, Any] | None:
    """Return the schema of the value at `path`, or None where no such key is; items of a list are
    alike.

    The settings of a user's own plug-in are in no schema of ours: they are looked up in its module.
    """
    node = root = json_schema()
    for name in path:
        if own := _own(node, name):
            node = root = user_section(own, str(name)).model_json_schema(schema_generator=_Untitled)
        else:
            node = _resolved(_child(node, name), root)
        if node is None:
            return None
    return node


def choices(node: dict[str, Any]) -> list[Any]:
    """Return the values that a key is limited to, or none where it is not; the user's own aside."""
    node = node.get('anyOf', [node])[0]
    return node.get('enum', [node['const']] if 'const' in node else [])


def keys_of(node: dict[str, Any]) -> list[str]:
    """Return the names of the keys that a section may have."""
    return [*node.get('properties', ()), *choices(node.get('propertyNames', {}))]


def leaves(node: dict[str, Any] | None = None, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every key that a deck may have, lists and their items aside."""
    for name, child in (node or json_schema()).get('properties', {}).items():
        yield (*path, name)
        yield from leaves(_resolved(child, json_schema()), (*path, name))


def _own(node, name):
    """Return the comment that tells where a user's plug-in of that name is judged, None where it is
    another key.
    """
    pattern, own = next(iter(node.get('patternProperties', {}).items()), (None, {}))
    return own.get('$comment') if pattern and re.match(pattern, str(name)) else None


def _child(node, name):
    if isinstance(name, int):
        return node.get('items')
    return node.get('properties', {}).get(name) or node.get('additionalProperties') or None


def _resolved(node, root):
    # An optional section is `anyOf` itself and null; a section is named by reference.
    node = node and node.get('anyOf', [node])[0]
    return root['$defs'][node['$ref'].rpartition('/')[2]] if node and '$ref' in node else node
