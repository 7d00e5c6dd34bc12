"""Reads what the documents show to type, so that tests can run it."""

import re
import textwrap

from tests.conftest import ROOT


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
