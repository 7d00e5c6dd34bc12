"""Labels on the page: formulas of LaTeX as MathML, or in words of plain text."""

import re
from html import unescape

from latex2mathml.converter import convert

from phi4hpc.lattice.observable import load


def html(name: str) -> str:
    """Return the label of an observable with its formulas as MathML."""
    return formulas(load(name).label)


def formulas(text: str) -> str:
    """Return a label with each $formula$ of it as MathML."""
    return re.sub(r'\$([^$]+)\$', lambda formula: convert(formula[1]), text)


def plain(text: str) -> str:
    """Return a label in plain text, such as 'd=61' of '$d=61$'."""
    return unescape(re.sub('<[^>]*>', '', formulas(text)))
