"""`phi4hpc init [NAME]`: a deck to start from. Its comments are the docstrings of the deck's types.

There is no other list of keys: what a type declares stands in the deck. A line that begins with `#`
and no space, or more than one, is a part of the deck that is left out; with one space it is a
comment.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic.fields import FieldInfo

from phi4hpc import plugins
from phi4hpc.deck.plugged import Folder
from phi4hpc.deck.schema import Deck
from phi4hpc.deck.section import Section
from phi4hpc.files import require_new, write_text

Place = tuple[str, ...]
EXAMPLES: dict[Place, Any] = {
    ('lattice', 'sizes'): [16, 32],
    ('ladder', 'kappas'): [0.25, 0.256, 0.261, 0.265, 0.267, 0.269, 0.271, 0.2735, 0.276, 0.2785,
                           0.281],
    ('ladder', 'tuned', 'lowest'): 0.24, ('ladder', 'tuned', 'highest'): 0.3,
    ('ladder', 'tuned', 'rungs'): 23, ('ladder', 'critical'): [-0.0008, -0.0004, 0, 0.0004, 0.0008],
    ('train', 'lattice'): 32, ('train', 'kappas'): [0.269],
    ('train', 'models'): [{'fourier': {'latents': [61]}}, {'dense': {'latents': [61]}}],
    ('flow', 'lattices'): [16, 32], ('flow', 'kappas'): [0.269],
    ('flow', 'blocks'): [{'kadanoff': {}}]}
"""Values of keys that have no default."""
LEFT_OUT = {('ladder', 'tuned'), ('ladder', 'critical')}
"""What cannot stand beside another key that is there."""
SHORT: set[Place] = {
    ('title',), ('seed',), ('action',), ('lattice',), ('ladder', 'kappas'), ('ladder', 'chains'),
    ('sample', 'thermalisation'), ('sample', 'draws'), ('sample', 'spacing'), ('train', 'lattice'),
    ('train', 'kappas'), ('train', 'models'), ('analyse', 'draws')}
"""What the short deck has: these keys, and all of these sections."""
WIDTH = 96


def main(path: Path, everything: bool = False) -> None:
    """Write a deck to `path` and print what to do with it.

    Raises UserError where there is something already, or no folder for it.
    """
    require_new(path)
    write_text(path, text(str(path), everything))
    print(f'{path}: edit it; `phi4hpc check {path}` tells what it would do, and '
          f'`phi4hpc run {path}` does it')


def text(name: str, everything: bool = False) -> str:
    """Return a deck: the keys that most studies set, or every key."""
    heading = (f'A study: `phi4hpc check {name}` tells what it would do, and `phi4hpc run {name}` '
               'does it. Each key stands here with its default, or with an example where it has '
               'none. A `#` right before a key leaves it out; take it away to use it.')
    if not everything:
        heading += (' `phi4hpc init --all` writes a deck with every key, and with all that is to '
                    'be said of each.')
    return '\n'.join([*comment(heading), *section(Deck, (), everything)]) + '\n'


def section(kind: type[Section], place: Place, everything: bool) -> Iterator[str]:
    """Yield the lines of a section of the deck, its keys at the left margin."""
    for field, info in kind.model_fields.items():
        key = info.alias or field
        here = (*place, key)
        if everything or wanted(here):
            if not place:
                yield ''
            yield from comment(meaning(info, everything))
            lines = list(entry(key, info, here, everything))
            out = here in LEFT_OUT or (inner(info) and info.get_default() is None)
            yield from (f'#{line}' for line in lines) if out else lines


def entry(key: str, info: FieldInfo, place: Place, everything: bool) -> Iterator[str]:
    """Yield the lines of one key with its value, without its comment."""
    if kind := inner(info):
        yield f'{key}:'
        yield from (f'  {line}' for line in section(kind, place, everything))
        return
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    yield from f'{key}:{written(EXAMPLES.get(place, default))}'.splitlines()
    if everything and (folder := plugged(info.annotation)):
        yield from (line for name in plugins.names(folder.package)
                    for line in plug_in(name, folder))


def written(value: Any) -> str:
    """Return a value as YAML behind a key: a list of sections as a line each, all else on one."""
    def flow(part):
        return yaml.safe_dump(part, default_flow_style=True, width=10**6).removesuffix('...\n')

    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ''.join(f'\n  - {flow(part).strip()[1:-1]}' for part in value)
    return f' {flow(value).strip()}'


def plug_in(name: str, folder: Folder) -> Iterator[str]:
    """Yield a comment on a plug-in that the key may name: what it is, and its settings."""
    kind = folder.section(name)
    yield from comment(f'{name}: {sentence(kind.__doc__, True)}', '  ')
    for field, info in kind.model_fields.items():
        default = '' if info.is_required() else f' (default{written(info.get_default())})'
        yield from comment(f'  {field}{default}: {sentence(info.description, True)}', '  ', '    ')


def wanted(place: Place) -> bool:
    """Return whether the short deck has a key, or one that lies in it."""
    return any(each[:len(place)] == place or place[:len(each)] == each for each in SHORT)


def meaning(info: FieldInfo, everything: bool) -> str:
    """Return what a key means; of a section, what it is, and what it is to leave it out."""
    kind = inner(info)
    said = (kind.__doc__, info.description) if kind else (info.description,)
    return ' '.join(sentence(part, everything) for part in said if part)


def sentence(words: str | None, everything: bool) -> str:
    """Return a docstring on one line, the first sentence alone unless `everything` is wanted."""
    line = ' '.join((words or '').split())
    first = re.match(r'.*?[.](?= |$)', line)
    return line if everything or not first else first[0]


def comment(words: str, indent: str = '', further: str = '') -> list[str]:
    """Return words as lines of a comment; lines after the first are indented `further`."""
    inset = len(words) - len(words.lstrip())
    return textwrap.wrap(words.strip(), WIDTH, initial_indent=f'{indent}# {" " * inset}',
                         subsequent_indent=f'{indent}# {further}', break_on_hyphens=False,
                         break_long_words=False)


def inner(info: FieldInfo) -> type[Section] | None:
    """Return the class of the section that a key holds; None where it holds a value."""
    options = get_args(info.annotation) or (info.annotation,)
    return next((option for option in options
                 if isinstance(option, type) and issubclass(option, Section)), None)


def plugged(annotation: Any) -> Folder | None:
    """Return the folder whose plug-ins a key names, None where it names none."""
    if isinstance(annotation, Folder):
        return annotation
    return next(filter(None, map(plugged, (*get_args(annotation),
                                           *getattr(annotation, '__metadata__', ())))), None)
