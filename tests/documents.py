"""Reads what the documents show to type, so that tests can run it."""

import re
import textwrap

from tests.conftest import ROOT

DOCUMENTS = ['README.md', 'CONTRIBUTING.md',
             *sorted(str(path.relative_to(ROOT)) for path in (ROOT / 'docs').rglob('*.md'))]


def blocks(document, beginning):
    """Return the indented blocks of a document, such as README.md, that begin with a text."""
    found = re.findall(r'(?:^ {4}.*\n)+', (ROOT / document).read_text(), re.MULTILINE)
    plain = [re.sub('^ {4}', '', block, flags=re.MULTILINE) for block in found]
    return [block for block in plain if block.startswith(beginning)]


def files(document):
    """Return {name: text} of the files that a document shows whole.

    Each stands below a line that begins with its name.
    """
    found = re.findall(r'^`([\w/]+\.\w+)`.*\n\n((?: {4}.*\n|\n)+)', (ROOT / document).read_text(),
                       re.MULTILINE)
    return {name: textwrap.dedent(text).rstrip() + '\n' for name, text in found}


def every_block(document):
    """Return all indented blocks of a document that are no part of a list."""
    found = re.findall(r'^\n((?: {4}.*\n|\n(?=\n* {4}))+)', (ROOT / document).read_text(),
                       re.MULTILINE)
    return [textwrap.dedent(text).rstrip() for text in found]


def commands(document):
    """Return what a document gives to type, as lines of shell: in blocks, and within sentences."""
    lines = [line for block in every_block(document) if is_shell(block)
             for line in block.replace('\\\n', ' ').splitlines() if line.strip()]
    text = ' '.join((ROOT / document).read_text().split())
    return [*lines, *re.findall(r'`((?:phi4hpc|jobs/\w+\.sh|slurm/\w+\.sh) [^`]+)`', text)]


def is_shell(block):
    """Return whether a block is of lines of shell."""
    return block.split()[0].split('=')[0] in SHELL or block.startswith(('jobs/', 'slurm/'))


SHELL = {'phi4hpc', 'mpirun', 'python', 'ruff', 'mkdocs', 'pip', 'touch', 'cp', '.', 'eval',
         'h5dump', 'conda', 'spack', 'apptainer'}
