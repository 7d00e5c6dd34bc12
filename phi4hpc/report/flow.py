"""What the figures and tables of the flow share: which kappa, how block spins look, and words."""

import math
import re

import numpy as np
from matplotlib.figure import Figure

from phi4hpc.flow.judgement import Judgement, judged
from phi4hpc.flow.kinds import LEARNED, SIGNS, of_signs, without_seed
from phi4hpc.flow.matching import matched, sharpest
from phi4hpc.lattice.transition import kappa_c, known, tabulated
from phi4hpc.report.numbers import UNDEFINED, value_error
from phi4hpc.report.study import Entry, Study
from phi4hpc.report.style import named

ROUNDING = 1e-9               # what differs by less is equal


def judgements(study: Study) -> list[Judgement]:
    """Return the judgement of every kind of block spin at criticality, the best first."""
    kappa = critical_rung(study, 'exponents')
    return [] if kappa is None else judged(study.flow['exponents'], kappa)


def older(study: Study) -> bool:
    """Return whether flow.json has no errors of differences between steps, as of an older version.
    """
    return any(entry[y] and 'change' not in entry[y]
               for entry in study.flow['exponents'] for y in ('y_t', 'y_h'))


def critical_rung(study: Study, name: str) -> float | None:
    """Return the kappa nearest to kappa_c in a list of flow.json; None where the list is empty."""
    kappas = sorted({entry['kappa'] for entry in study.flow[name]})
    middle = critical(study)
    middle = kappas[len(kappas) // 2] if middle is None and kappas else middle
    return min(kappas, key=lambda kappa: abs(kappa - middle), default=None)


def critical(study: Study) -> float | None:
    """Return kappa_c as it was known before, else as this run finds it, None where neither is."""
    lam = study.deck.action.lam
    if before := known(lam):
        return before[0]
    if own := study.kappa_c:
        return own[0]
    return kappa_c(lam) if tabulated(lam) else None


def matches(study: Study) -> list[Entry]:
    """Return kappa_c by matching, one entry for every block spin and pair of lattices.

    Of the trainings of a learned block spin it is the first.
    """
    found = sharpest(matched(study.flow['means']))
    return [entry for entry in found if entry['blocks'] == without_seed(entry['blocks'])]


def sides(names: list[str]) -> dict[str, list[str]]:
    """Return {'fields' or 'signs': kinds of block spins}, those of the two that have any."""
    both = {word: [name for name in names if of_signs(name) == signs]
            for word, signs in (('fields', False), ('signs', True))}
    return {word: own for word, own in both.items() if own}


def numbers(study: Study) -> dict[str, int]:
    """Return the number of every kind of block spin, by which all figures mark it alike.

    A kind has the same number with and without signs.
    """
    names = [entry['blocks'] for part in ('couplings', 'exponents') for entry in study.flow[part]]
    plain = list(dict.fromkeys(without_seed(name).removesuffix(SIGNS) for name in names))
    return {kind: plain.index(kind.removesuffix(SIGNS)) for kind in map(without_seed, names)}


def legend(figure: Figure) -> None:
    """Name what all panels of a figure show, once each, below them."""
    handles = named(figure.axes)
    figure.legend(handles.values(), handles, loc='outside lower center', ncols=3, fontsize=8)


def rounded(error: float) -> str:
    """Return an error without its value, as text; a dash where it is not known."""
    if not math.isfinite(error):
        return UNDEFINED
    if error <= ROUNDING:
        return '0'
    return np.format_float_positional(error, 1, fractional=False, trim='-')


def distance(value: float, error: float) -> str:
    """Return how far two numbers are apart, as text, with the error of that where it is known."""
    if not (math.isfinite(value) and math.isfinite(error)) or value <= ROUNDING:
        return rounded(value)
    return value_error(value, error)


def step_read(one: Judgement) -> str:
    """Return the step at which a block spin is read, marked where it has not settled."""
    read = one.read('y_t') or one.read('y_h')
    if not read:
        return UNDEFINED
    return str(read.step) if one.settled else f'{read.step} †'


def title(blocks: str) -> str:
    """Return how captions, tables and legends name a kind of block spin."""
    plain = blocks.removesuffix(SIGNS)
    if plain.startswith(LEARNED):
        # Of the model's name the family and its settings; here every block has 2 x 2 sites.
        words = re.sub(r'^L\d+_k[^_]*_', '', plain.removeprefix(LEARNED)).split('_')
        words = [re.sub(r'(?<=[a-z])(?=\d)', ' ', word) for word in words
                 if not re.fullmatch(r'd\d+|block2', word)]
        plain = ', '.join(['learned', *words])
    else:
        plain = re.sub(r'_w(?=-?[\d.])', ', w = ', plain).replace('_', ' ').replace('-', '−')
    return f'{plain}: signs' if blocks.endswith(SIGNS) else plain
