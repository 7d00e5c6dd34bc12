"""YAML as plain data that remembers where each key and value stood.

Made from the parser's events, so that duplicate keys and positions are seen and nothing in a deck can make an
object. Plain scalars follow YAML 1.2: 1e-3 and .5e-2 are numbers, `on` and `no` are text, 010 is ten.
"""

import re

import yaml

from phi4hpc.deck.places import Fault, Place, Tree
from phi4hpc.errors import DeckError

LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
DEPTH = 16
CONTROL = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]')
PLAIN = (
    (re.compile(r'~|null|Null|NULL|'), lambda _: None),
    (re.compile(r'true|True|TRUE'), lambda _: True),
    (re.compile(r'false|False|FALSE'), lambda _: False),
    # longer ones fit no array: they become floats, which no count accepts
    (re.compile(r'[-+]?[0-9]{1,18}'), int),
    (re.compile(r'[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?'), float),
)


class _Broken(Exception):
    """The text cannot be read on; the arguments are line, column and message."""


def read(text, label):
    """Return (Tree, faults) of the YAML `text`, known as `label`; of a key said twice the first counts.

    Raises DeckError where the text is no YAML, holds nothing, or holds more than one document.
    """
    builder = _Builder(label)
    try:
        data = builder.document(text)
    except _Broken as broken:
        line, column, message = broken.args
        raise DeckError([*map(str, builder.faults), f'{label}:{line}:{column}: {message}']) from None
    return Tree(data, builder.keys, builder.values), builder.faults


class _Builder:
    """Turns the parser's events into data, a method a kind of node, and collects places and faults."""

    def __init__(self, label):
        self.label, self.anchors = label, {}
        self.keys, self.values, self.faults = {}, {}, []

    def document(self, text):
        """Return the data of the one document that `text` must hold."""
        self.events = _events(text)
        if isinstance(event := next(self.events), yaml.StreamEndEvent):
            raise _Broken(1, 1, 'nothing in it: expected a deck, with keys such as lattice and ladder')
        data = self.node(next(self.events), ())
        next(self.events)
        if isinstance(event := next(self.events), yaml.DocumentStartEvent):
            raise _Broken(*_position(event), 'a second document: expected one deck in a file')
        return data

    def node(self, event, path):
        """Return the data of the node that `event` begins, and note its place."""
        self.values[path] = self.place(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise _Broken(*_position(event), f'*{event.anchor}: no &{event.anchor} ends before it')
            return self.anchors[event.anchor]
        if event.tag is not None:
            raise _Broken(*_position(event), f'tag {event.tag}: expected a plain value, without a tag')
        if len(path) > DEPTH:
            raise _Broken(*_position(event), f'more than {DEPTH} levels of nesting: no deck has so many')
        data = self.content(event, path)
        if event.anchor:
            self.anchors[event.anchor] = data
        return data

    def content(self, event, path):
        if isinstance(event, yaml.ScalarEvent):
            return scalar(event.value) if event.implicit[0] else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path)
        return self.mapping(path)

    def sequence(self, path):
        data = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            data.append(self.node(event, (*path, len(data))))
        return data

    def mapping(self, path):
        data = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _Broken(*_position(event), 'expected a name as key')
            here = (*path, event.value)
            if event.value in data:
                again = f'said twice, first in line {self.keys[here].line}: keep one'
                self.faults.append(Fault(self.place(event), here, again))
                self.node(next(self.events), (*here, 'again'))
                continue
            self.keys[here] = self.place(event)
            data[event.value] = self.node(next(self.events), here)
        return data

    def place(self, event):
        line, column = _position(event)
        return Place(0, line, column, f'{self.label}:{line}:{column}')


def scalar(text):
    """Return what a plain YAML scalar means: null, true or false, a number, or else text."""
    for pattern, meaning in PLAIN:
        if pattern.fullmatch(text):
            return meaning(text)
    return text


def _position(event):
    return event.start_mark.line + 1, event.start_mark.column + 1


def _events(text):
    """Yield the parser's events from the first document on; what is no YAML raises _Broken at its place."""
    if odd := CONTROL.search(text):
        line, column = text.count('\n', 0, odd.start()) + 1, odd.start() - text.rfind('\n', 0, odd.start())
        raise _Broken(line, column, f'control character {odd.group()!r}: expected text')
    try:
        parser = yaml.parse(text, Loader=LOADER)
        next(parser)
        yield from parser
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = ', '.join(filter(None, [error.context, error.problem]))
        hint = 'a tab, a bracket left open, or no space after a colon?'
        raise _Broken(mark.line + 1, mark.column + 1, f'not YAML: {words} ({hint})') from None
    except yaml.YAMLError:
        raise _Broken(1, 1, 'not YAML: it holds a character that no text has') from None
