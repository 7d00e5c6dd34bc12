"""Reads what the documents show to type, so that tests can run it."""

import re

from tests.conftest import ROOT


def blocks(document, beginning):
    """Return the indented blocks of a document, such as README.md, that begin with a text."""
    found = re.findall(r'(?:^ {4}.*\n)+', (ROOT / document).read_text(), re.MULTILINE)
    plain = [re.sub('^ {4}', '', block, flags=re.MULTILINE) for block in found]
    return [block for block in plain if block.startswith(beginning)]
