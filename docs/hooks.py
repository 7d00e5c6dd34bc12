"""Pages of the site that are made from other sources when it is built, by `mkdocs build`.

The first page is README.md. The reference comes from the deck's types, from the parsers of the
commands, and from the docstrings of plug-ins, so that nothing is said twice.
"""

import ast
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from phi4hpc import plugins
from phi4hpc.cli.parser import every_command
from phi4hpc.deck.editor import node_at
from phi4hpc.deck.schema import BLOCKS, COSTS, FAMILIES, Deck
from phi4hpc.deck.section import Section
from phi4hpc.deck.words import expected
from phi4hpc.init import inner, meaning, plugged, sentence, written

ROOT = Path(__file__).parents[1]
ELSEWHERE = re.compile(r'\[([^]]+)\]\((?!docs/|https?:|CONTRIBUTING.md)([\w./]+)\)')
"""A link from README.md to a file that is not on the site."""
PREPRINT = re.compile(r'(?:(?<=arXiv:)|(?<=\d{4}\.\d{5}, ))\d{4}\.\d{4,5}'
                      r'|(?:hep-lat|cond-mat)/\d{7}')
FOLDERS = {
    'Observables': 'phi4hpc.lattice.observables', 'Algorithms': 'phi4hpc.sampling.algorithms',
    'Families': FAMILIES.package, 'Costs': COSTS.package,
    'Block spins that are applied again and again': BLOCKS.package,
    'Operators': 'phi4hpc.lattice.operators', 'Figures': 'phi4hpc.report.figures'}


def on_config(config: Any) -> Any:
    """Add the documents that mkdocs.yml does not place in the contents, at their end."""
    placed = re.findall(r'[\w/]+\.md', str(config.nav))
    there = (path.relative_to(config.docs_dir) for path in Path(config.docs_dir).rglob('*.md'))
    config.nav += sorted({str(path) for path in there} - set(placed))
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made here; mkdocs calls this before it reads any page."""
    made = {'index.md': front('README.md'), 'contributing.md': front('CONTRIBUTING.md'),
            'reference/deck.md': deck(), 'reference/commands.md': commands(),
            'reference/plugins.md': parts(), 'reference/sources.md': sources()}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page in which `<` is what it says: <M^2> is a mean, and no tag of HTML."""
    parts = re.split(r'(^ {4}.*$|`[^`]+`)', markdown, flags=re.MULTILINE)
    return ''.join(part if code else part.replace('<', '&lt;')
                   for code, part in zip(cycle([False, True]), parts, strict=False))


def front(name: str) -> str:
    """Return a document of the root with links as they are on the site."""
    text = (ROOT / name).read_text(encoding='utf-8')
    text = ELSEWHERE.sub(lambda link: f'`{link[2]}`' if link[1] == link[2]
                         else f'{link[1]} (`{link[2]}`)', text)
    return text.replace('](docs/', '](').replace('](CONTRIBUTING.md)', '](contributing.md)')


def deck() -> str:
    """Return the reference of the deck: a table for each section, of all keys and settings."""
    lines = ['# The deck', '', 'A deck is one YAML file. `phi4hpc init --all` writes one with '
             'every key that is here, and `phi4hpc check` names every fault of one.', '']
    for field, info in Deck.model_fields.items():
        name = info.alias or field
        lines += [f'## {name}', '', meaning(info, True), '']
        if kind := inner(info):
            lines += [*table(kind, (name,)), '']
            lines += settings(kind)
        else:
            lines += [said((name,), info), '']
    return '\n'.join(lines)


def table(kind: type[Section], place: tuple[str, ...]) -> Iterator[str]:
    """Yield a table of the keys of a section, and of the sections in it."""
    yield from ('| key | expects | default | meaning |', '|---|---|---|---|')
    yield from rows(kind, place)


def rows(kind: type[Section], place: tuple[str, ...]) -> Iterator[str]:
    """Yield a row for each key."""
    for field, info in kind.model_fields.items():
        here = (*place, info.alias or field)
        if within := inner(info):
            yield row(here, 'a section', '', meaning(info, True))
            yield from rows(within, here)
        else:
            yield row(here, expected(node_at(here) or {}), default(info), meaning(info, True))


def row(place: tuple[str, ...], *cells: str) -> str:
    """Return a row of a table."""
    return ' | '.join(['', f'`{".".join(place)}`', *(cell.replace('|', '\\|') for cell in cells),
                       '']).strip()


def said(place: tuple[str, ...], info: Any) -> str:
    """Return in a sentence what a key expects and what its default is."""
    return f'Expects {expected(node_at(place) or {})}; the default is {default(info)}.'


def default(info: Any) -> str:
    """Return the default of a key, on one line; `none` where it has to be given."""
    if info.is_required():
        return 'none'
    first, *items = written(info.get_default(call_default_factory=True)).split('\n  - ')
    return f'`[{", ".join(f"{{{item}}}" for item in items)}]`' if items else f'`{first.strip()}`'


def settings(kind: type[Section]) -> list[str]:
    """Return tables of the settings of all plug-ins that keys of a section name."""
    lines = []
    for folder in filter(None, (plugged(info.annotation) for info in kind.model_fields.values())):
        for name in plugins.names(folder.package):
            section = folder.section(name)
            lines += [f'### {folder.kind} `{name}`', '', sentence(section.__doc__, True), '',
                      '| setting | default | meaning |', '|---|---|---|']
            lines += [row((field,), default(info), sentence(info.description, True))
                      for field, info in section.model_fields.items()]
            lines += ['']
    return lines


def commands() -> str:
    """Return the help of every command."""
    lines = ['# Commands', '', 'Every command runs alone or under `mpirun`.', '']
    found = next(action for action in every_command()._actions if isinstance(action.choices, dict))
    for name, parser in found.choices.items():
        said = parser.format_help().rstrip().replace('\n', '\n    ')
        lines += [f'## {name}', '', f'    {said}', '']
    return '\n'.join(lines)


def parts() -> str:
    """Return what plug-ins of ours there are, each by the first paragraph of its file."""
    lines = ['# What is there to choose from', '', 'Each is one file, found by its name. '
             '[Extending phi4hpc](../extending.md) shows how to write your own.', '']
    for heading, package in FOLDERS.items():
        lines += [f'## {heading}', '', '| name | what it is |', '|---|---|']
        folder = ROOT / package.replace('.', '/')
        lines += [row((name,), first_paragraph(folder / f'{name}.py'))
                  for name in plugins.names(package)]
        lines += ['']
    return '\n'.join(lines)


def sources() -> str:
    """Return which preprints the code names, and in which files."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / 'phi4hpc').rglob('*.py')):
        for name in set(PREPRINT.findall(path.read_text(encoding='utf-8'))):
            found.setdefault(name, []).append(f'`{path.relative_to(ROOT)}`')
    lines = ['# Sources', '', 'Preprints that docstrings of the code name; each says there what is '
             'taken from it. [The physics](../physics.md) puts them in order.', '',
             '| preprint | named in |', '|---|---|']
    lines += [f'| [{name}](https://arxiv.org/abs/{name}) | {", ".join(files)} |'
              for name, files in sorted(found.items())]
    return '\n'.join(lines)


def first_paragraph(path: Path) -> str:
    """Return the first paragraph of a file's docstring, on one line."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8'))) or ''
    return ' '.join(words.split('\n\n')[0].split())
