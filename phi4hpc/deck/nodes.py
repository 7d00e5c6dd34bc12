"""The YAML of a deck as nodes, each marked with its place; what no deck holds is refused."""

from copy import copy
from typing import NamedTuple

import yaml
from yaml.reader import Reader

DEPTH = 16
CONTROL = Reader.NON_PRINTABLE
MEANT = {"'\\t'": 'a tab: expected spaces',
         'cannot start': 'no value begins like this: put text in quotes',
         "expected ':'": 'no colon: expected `key: value`, with a space after the colon',
         'mapping values': 'a colon where none can stand: expected each `key: value` on a line of '
                           'its own, with a space after the colon, in the column of the keys '
                           'beside it',
         'block end': 'expected a key in the column of those above it; or there is one bracket too '
                      'many',
         "',' or": 'expected a comma, or a bracket that closes the one of line LINE',
         'end of stream': 'the quotation mark of line LINE is left open'}
"""What to say where PyYAML speaks of its grammar: a part of its words, and what they mean."""


class Broken(Exception):
    """The text cannot be read on; the arguments are line and column, from 1, and why."""


class _Mark(NamedTuple):
    """A place as PyYAML counts it, from 0."""

    line: int
    column: int


def compose(text: str) -> yaml.Node:
    """Return the node of the one document that `text` holds.

    An alias is a copy of the node that it repeats, which shares the children and is marked where
    the alias stands. Raises Broken where the text is no YAML, holds nothing or more than one
    document, and at a tag, at an alias within what it repeats, or too deep down.
    """
    if odd := CONTROL.search(text):
        at = odd.start()
        mark = _Mark(text.count('\n', 0, at), at - text.rfind('\n', 0, at) - 1)
        raise _broken(mark, f'control character {odd.group()!r}: expected text')
    try:
        return _document(_Composer(text))
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error) from None
    except (ValueError, OverflowError) as error:
        # PyYAML takes any number in a directive or an escape.
        raise Broken(1, 1, f'not YAML: {error}') from None


def _not_yaml(error):
    """Return what PyYAML found, as Broken, in words that need no grammar of YAML."""
    begun, problem = error.context_mark, str(error.problem)
    said = next((words for part, words in MEANT.items() if part in problem), problem)
    # A key without a colon is seen in the next line, and an open quotation mark at the end.
    early = "expected ':'" in problem or 'end of stream' in problem
    where = begun if early else error.problem_mark or begun
    return _broken(where, 'not YAML: ' + said.replace('LINE', str(begun and begun.line + 1)))


def _broken(mark, message):
    return Broken(mark.line + 1, mark.column + 1, message)


def _document(composer):
    if not composer.check_node():
        raise Broken(1, 1, 'nothing in it: expected a deck, with keys such as lattice and ladder')
    node = composer.get_node()
    if composer.check_node():
        second = composer.peek_event().start_mark
        raise _broken(second, 'a second document: expected one deck in a file')
    return node


class _Composer(yaml.SafeLoader):
    def __init__(self, text):
        super().__init__(text)
        self.depth, self.finished = 0, set()

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent):
            return self._alias(parent, index, event)
        if event.tag is not None:
            raise _broken(event.start_mark,
                          f'tag {event.tag}: expected a plain value, without a tag')
        if self.depth > DEPTH:
            raise _broken(event.start_mark,
                          f'more than {DEPTH} levels of nesting: no deck has that many')
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        self.finished.add(event.anchor)
        return node

    def _alias(self, parent, index, event):
        if event.anchor not in self.finished:
            raise _broken(event.start_mark, f'*{event.anchor}: no &{event.anchor} ends before it')
        node = copy(super().compose_node(parent, index))
        node.start_mark = event.start_mark
        return node

    def compose_scalar_node(self, anchor):
        node = super().compose_scalar_node(anchor)
        if odd := CONTROL.search(node.value):
            # An escape in quotes can spell what a text cannot hold.
            raise _broken(node.start_mark, f'control character {odd.group()!r}: expected text')
        return node
