"""YAML as plain data that remembers where each key and value stood.

A key said twice is seen, and nothing in a deck can make an object. Plain scalars follow YAML 1.2:
1e-3 and .5e-2 are numbers, `on` and `no` are text, 010 is ten. A key `<<` takes the keys of other
sections into its own, except those that its own says itself.
"""

import re
from typing import Any

import yaml

from phi4hpc.deck.nodes import Broken, compose
from phi4hpc.deck.places import Fault, Place, Tree
from phi4hpc.errors import DeckError

MERGE = '<<'
UNMERGED = ('expected a section to merge, such as *name of one marked &name, or a list of sections')
PLAIN = (
    (re.compile(r'~|null|Null|NULL|'), lambda _: None),
    (re.compile(r'true|True|TRUE'), lambda _: True),
    (re.compile(r'false|False|FALSE'), lambda _: False),
    # Longer numbers fit no array: they become floats, which no count accepts.
    (re.compile(r'[-+]?[0-9]{1,18}'), int),
    (re.compile(r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?'), float),
)


def read(text: str, label: str) -> tuple[Tree, list[Fault]]:
    """Return (Tree, faults) of the YAML `text`, known as `label`.

    Of a key said twice the first counts. Raises DeckError where the text is no YAML, holds nothing,
    or holds more than one document.
    """
    builder = _Builder(label)
    try:
        data = builder.data(compose(text), ())
    except Broken as broken:
        line, column, message = broken.args
        broken_at = f'{label}:{line}:{column}: {message}'
        raise DeckError([*map(str, builder.faults), broken_at]) from None
    return Tree(data, builder.keys, builder.values), builder.faults


def scalar(text: str) -> Any:
    """Return what a plain YAML scalar means: null, true or false, a number, or else text."""
    for pattern, meaning in PLAIN:
        if pattern.fullmatch(text):
            return meaning(text)
    return text


class _Builder:
    """Turns nodes into data and collects places and faults.

    What aliases repeat is made into data once, and places within it are known by its first path.
    """

    def __init__(self, label):
        self.label, self.keys, self.values, self.faults = label, {}, {}, []
        self.made, self.items = {}, {}

    def data(self, node, path):
        """Return the data of a node, and note its place."""
        self.values[path] = self.place(node)
        if isinstance(node, yaml.ScalarNode):
            return node.value if node.style else scalar(node.value)
        if id(node.value) not in self.made:
            build = self.sequence if isinstance(node, yaml.SequenceNode) else self.mapping
            self.made[id(node.value)] = build(node, path)
        return self.made[id(node.value)]

    def sequence(self, node, path):
        return [self.data(item, (*path, i)) for i, item in enumerate(node.value)]

    def mapping(self, node, path):
        data = {}
        for name, (key, value) in self.merged(node, path).items():
            here = (*path, name)
            self.keys[here] = self.place(key)
            data[name] = self.data(value, here)
        return data

    def merged(self, node, path):
        """Return {name: (node of key, node of value)} of a mapping and all that it merges."""
        if id(node.value) not in self.items:
            own = self.own(node, path)
            _, value = own.pop(MERGE, (None, None))
            others = {} if value is None else self.others(value, (*path, MERGE))
            added = {name: others[name] for name in others if name not in own}
            self.items[id(node.value)] = own | added
        return self.items[id(node.value)]

    def own(self, node, path):
        """Return the same of what a mapping says itself."""
        items = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                line, column = _position(key)
                raise Broken(line, column, 'expected a name as key')
            if (first := items.setdefault(key.value, (key, value))[0]) is not key:
                again = f'said twice, first in line {_position(first)[0]}: keep one'
                self.faults.append(Fault(self.place(key), (*path, key.value), again))
        return items

    def others(self, node, path):
        """Return the same of what a mapping merges: of a name that several say the first counts."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        items = {}
        for other in nodes:
            if not isinstance(other, yaml.MappingNode):
                self.faults.append(Fault(self.place(other), path, UNMERGED))
                return {}
            items = self.merged(other, path) | items
        return items

    def place(self, node):
        line, column = _position(node)
        return Place(0, line, column, f'{self.label}:{line}:{column}')


def _position(node):
    return node.start_mark.line + 1, node.start_mark.column + 1
