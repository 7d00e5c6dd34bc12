"""How observables are called on the page: their labels in HTML."""

import re

from latex2mathml.converter import convert

from phi4hpc.lattice.observable import load


def html(name: str) -> str:
    """Return the label of an observable with its formulas as MathML."""
    return re.sub(r'\$([^$]+)\$', lambda formula: convert(formula[1]), load(name).label)
