"""Where each part of a deck was said, in its file or on the command line, and faults there."""

from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""The keys and item numbers that lead to a value in the deck, such as ('ladder', 'kappas', 2)."""


class Place(NamedTuple):
    """Where something was said; faults come in this order: the file, then the command line."""

    order: int
    line: int
    column: int
    label: str
    path: Path = ()
    """The path that an override sets, which its label already names; empty in a file."""


class Fault(NamedTuple):
    """One thing that is wrong: its place, the path of the key to blame, what was expected."""

    place: Place
    path: Path
    message: str

    def __str__(self) -> str:
        path = [] if self.path == self.place.path else [dotted(self.path)]
        return ': '.join([self.place.label, *path, self.message])


class Tree:
    """Plain data, and the places of its keys and values by path."""

    def __init__(self, data: Any, keys: dict[Path, Place], values: dict[Path, Place]) -> None:
        self.data, self.keys, self.values = data, keys, values

    def key(self, path: Path) -> Place:
        """Return the place of a key, or of the list item or section that holds it."""
        while path not in self.keys and path:
            path = path[:-1]
        return self.keys.get(path) or self.values[path]

    def value(self, path: Path) -> Place:
        """Return the place of a value; where nothing was said, that of the key around it."""
        return self.values.get(path) or self.key(path)

    def put(self, names: list[str], value: Any, place: Place) -> None:
        """Set what `names` lead to, and its place, making the sections on the way.

        Raises LookupError with words for the user where something on the way cannot hold the next
        name.
        """
        path, self.data = _put(self.data, (), names, value)
        place = place._replace(path=path)
        for table in self.keys, self.values:
            for inside in [p for p in table if p[:len(path)] == path]:
                del table[inside]
            table[path] = place
        for n in range(1, len(path)):
            self.keys.setdefault(path[:n], place)


def _put(data, done, names, value):
    # copies what it changes, since aliases in a deck share their data
    if not names:
        return done, value
    name, *rest = names
    if data is None or isinstance(data, dict):
        data = dict(data or {})
        name, rest = _key(data, names)
    elif isinstance(data, list):
        data, name = list(data), _index(name, len(data), done)
    else:
        raise LookupError(f'{dotted(done) or "the deck"} holds no keys')
    inner = data[name] if isinstance(data, list) else data.get(name)
    path, data[name] = _put(inner, (*done, name), rest, value)
    return path, data


def _key(data, names):
    """Return the key that `names` begin with and the names left: a plug-in's key may have dots."""
    for n in range(len(names), 1, -1):
        if '.'.join(names[:n]) in data:
            return '.'.join(names[:n]), names[n:]
    return names[0], names[1:]


def _index(name, length, done):
    if not (name.isdecimal() and int(name) < length):
        held = dotted(done) or 'the deck'
        raise LookupError(f'{held} is a list: expected an item number from 0 to {length - 1}')
    return int(name)


def dotted(path: Path) -> str:
    """Return ('ladder', 'kappas', 2) as ladder.kappas.2, and quote what no key is called."""
    return '.'.join(spelt(name) for name in path)


def spelt(name: str | int) -> str:
    """Return a key as it is, or quoted and cut short where it would spoil a line."""
    text = str(name)
    return text if text.replace('_', 'a').isalnum() and len(text) <= 40 else quoted(text)


def quoted(text: str) -> str:
    """Return a text in quotes, cut short where it is long."""
    return repr(text if len(text) <= 40 else text[:37] + '...')


def one_line(text: str) -> str:
    """Return a text as it is, or quoted and cut short where it would spoil a line."""
    return text if text.isprintable() and len(text) <= 200 else quoted(text)
