"""What the figures and tables of the flow share: which kappa, which entries, and how blocks look.

A block spin is named as in flow.json: `majority`, `learned:<model>`, or either with `_signs` after
it where signs are taken of its fields. Learned block spins that differ by the seed are one kind.
"""

import math
import re
from statistics import fmean, stdev
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axis import Axis
from matplotlib.figure import Figure

from phi4hpc.flow.judgement import EXACT, STILL, TWO, Judgement, judged, number, without_seed
from phi4hpc.flow.matching import matched, sharpest
from phi4hpc.lattice.transition import kappa_c, known, tabulated
from phi4hpc.report.numbers import UNDEFINED, value_error
from phi4hpc.report.study import Entry, Study

SIGNS, LEARNED = '_signs', 'learned:'
ROUNDING = 1e-9               # what differs by less is equal


class Paper(NamedTuple):
    """Published exponents to stand beside: {name: (value, error)}."""

    title: str
    source: str
    marker: str
    values: dict[str, tuple[float, float]]


PUBLISHED = (
    Paper('biased sampling, Ising L = 300', 'arXiv:1707.08683', 's',
          {'y_t': (1.009, 0.003), 'y_h': (1.8796, 0.0006)}),
    Paper('learned flow of phi^4, from nu = 0.885(15)', 'arXiv:2510.06508', 'D',
          {'y_t': (1 / 0.885, 0.015 / 0.885**2)}))


def judgements(study: Study) -> list[Judgement]:
    """Return the judgement of every kind of block spin at criticality, the best first."""
    kappa = critical_rung(study, 'exponents')
    return [] if kappa is None else judged(study.flow['exponents'], kappa)


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
    if own := study.transition['kappa_c']:
        return own['value']
    return kappa_c(lam) if tabulated(lam) else None


def kinds(entries: list[Entry]) -> list[str]:
    """Return the kinds of block spins of some entries, in their order, those of signs last."""
    names = dict.fromkeys(without_seed(entry['blocks']) for entry in entries)
    return sorted(names, key=lambda name: name.endswith(SIGNS))


def of_kind(entries: list[Entry], blocks: str) -> list[Entry]:
    """Return the entries of a kind of block spin on the largest lattice that it starts from."""
    own = [entry for entry in entries if without_seed(entry['blocks']) == blocks]
    return [entry for entry in own if entry['start'] == max(e['start'] for e in own)]


class Coupling(NamedTuple):
    """A coupling of blocked ensembles in the action of three: the mean over seeds.

    `truncation` is how much the next set of operators changes it, `spread` the standard deviation
    over training seeds; NaN where there is none.
    """

    level: int
    value: float
    error: float
    truncation: float
    spread: float


def couplings(entries: list[Entry], name: str) -> list[Coupling]:
    """Return a coupling, `kappa_prime` or `lambda_prime`, by level where it is defined.

    It is that by the smallest set of operators, those of the lattice action: with more of them
    (kappa', lambda') is no whole description, and with phi^6 it often does not exist. `entries` are
    those of a kind of block spin, of one lattice and kappa.
    """
    found = []
    for level in sorted({entry['level'] for entry in entries}):
        here = [entry for entry in entries if entry['level'] == level]
        of_blocks = [by_sets(here, blocks, name) for blocks in dict.fromkeys(
            entry['blocks'] for entry in here)]
        pairs = [(first, following) for first, following in of_blocks if first]
        if pairs:
            values = [first['value'] for first, _ in pairs]
            error = fmean(first['error'] for first, _ in pairs)
            truncation = fmean(abs(number((following or {}).get('truncation')))
                               for _, following in pairs)
            found.append(Coupling(level, fmean(values), error, truncation,
                                  stdev(values) if len(values) > 1 else math.nan))
    return found


def by_sets(entries: list[Entry], blocks: str,
            name: str) -> tuple[dict[str, float] | None, dict[str, float] | None]:
    """Return a coupling of one block spin at one level by the smallest set and by the next one."""
    own = sorted((entry for entry in entries if entry['blocks'] == blocks),
                 key=lambda entry: len(entry['operators']))
    first, *more = [entry.get(name) for entry in own]
    return first, (more[0] if more else None)


def changes(found: list[Coupling]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (step, change, error) of the logarithm of a coupling, from each level to the next."""
    level, value, error = (np.array([getattr(one, part) for one in found], float)
                           for part in ('level', 'value', 'error'))
    relative = error / value
    return level[1:], abs(np.diff(np.log(value))), np.hypot(relative[1:], relative[:-1])


def rest(found: list[Coupling]) -> int | None:
    """Return the first level from which on a coupling is at rest, None where there is none."""
    level, change, error = changes(found)
    for position in range(len(level)):
        later = change[position:] - STILL <= TWO * error[position:]
        if change[position] <= STILL and error[position] <= STILL and later.all():
            return int(level[position]) - 1
    return None


def matches(study: Study) -> list[Entry]:
    """Return kappa_c by matching, one entry for every block spin and pair of lattices.

    Of the trainings of a learned block spin it is the first.
    """
    found = sharpest(matched(study.flow['means']))
    return [entry for entry in found if entry['blocks'] == without_seed(entry['blocks'])]


def scaling(study: Study) -> tuple[float, float] | None:
    """Return (kappa_c, error) by finite-size scaling of the run, None where it is not found."""
    found = study.transition['kappa_c']
    return found and (found['value'], math.hypot(found['error'], found['systematic']))


def of_signs(blocks: str) -> bool:
    """Return whether the fields of a kind of block spin are signs."""
    return blocks.endswith(SIGNS) or blocks.startswith('majority')


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
    handles = {label: handle for axes in figure.axes for handle, label in
               zip(*axes.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles, loc='outside lower center', ncols=3, fontsize=8)


def logarithmic(axis: Axis) -> None:
    """Label a logarithmic axis by plain numbers, also between the powers of ten."""
    axis.set_major_formatter(lambda x, _: f'{x:g}')
    axis.set_minor_formatter(lambda x, _: f'{x:g}' if f'{x:e}'[0] in '25' else '')


def rounded(error: float) -> str:
    """Return an error without its value, as text; a dash where it is not known."""
    if not math.isfinite(error):
        return UNDEFINED
    return f'{error:.1g}' if error > ROUNDING else '0'


def rows(study: Study) -> list[dict[str, Any]]:
    """Return a row of text for every kind of block spin, the best first: exponents and judgement.
    """
    kappa = critical_rung(study, 'couplings')
    here = [entry for entry in study.flow['couplings'] if entry['kappa'] == kappa]
    found = []
    for one in judgements(study):
        lam = [c for c in couplings(of_kind(here, one.blocks), 'lambda_prime') if c.value > 0]
        arrived = one.arrived
        found.append({
            'title': title(one.blocks), 'start': one.start, 'step': step_read(one),
            'y_t': exponent_row(one, 'y_t'), 'y_h': exponent_row(one, 'y_h'),
            'arrived': str(arrived.step) if arrived else UNDEFINED,
            'there': value_error(arrived.value, arrived.joint) if arrived else UNDEFINED,
            'truncation': rounded(arrived.truncation) if arrived else UNDEFINED,
            'rest': UNDEFINED if len(lam) < 2 or (level := rest(lam)) is None else str(level)})
    return found


def exponent_row(one: Judgement, name: str) -> dict[str, str]:
    """Return an exponent in words, at the step at which it is read, and the next step's."""
    keys = ('value', 'truncation', 'lattice', 'spread', 'next')
    if not (read := one.read(name)):
        return dict.fromkeys(keys, UNDEFINED)
    following = [value_error(each.value, each.error) for each in getattr(one, name)
                 if each.step == read.step + 1]
    return dict(zip(keys, (value_error(read.value, read.error), rounded(read.truncation),
                           rounded(read.lattice), rounded(read.spread),
                           *(following or [UNDEFINED])), strict=True))


def step_read(one: Judgement) -> str:
    """Return the step at which a block spin is read, marked where it has not settled."""
    read = one.read('y_t') or one.read('y_h')
    if not read:
        return UNDEFINED
    return str(read.step) if one.settled else f'{read.step} †'


def tables(study: Study) -> dict[str, Any]:
    """Return the tables of the page, as rows of text."""
    found = scaling(study)
    return {'rows': rows(study), 'published': published(), 'scaling': found and value_error(*found),
            'matches': [match_row(entry) for entry in matches(study)]}


def match_row(entry: Entry) -> dict[str, Any]:
    """Return kappa_c by one pair of lattices, in words."""
    kappa, scatter = entry['kappa'], entry['scatter']
    return {'title': title(entry['blocks']), 'L': entry['L'], 'level': entry['level'],
            'half': entry['L'] // 2, 'less': entry['level'] - 1, 'operator': entry['operator'],
            'kappa': value_error(kappa['value'], kappa['error']),
            'interpolation': rounded(kappa['interpolation']),
            'scatter': UNDEFINED if scatter is None else rounded(scatter)}


def published() -> list[dict[str, str]]:
    """Return a row of text for every published pair of exponents."""
    return [{'title': paper.title, 'source': paper.source,
             **{name: value_error(*paper.values[name], digits=1) if name in paper.values
                else UNDEFINED for name in EXACT}} for paper in PUBLISHED]


def title(blocks: str) -> str:
    """Return how captions, tables and legends name a kind of block spin."""
    plain = blocks.removesuffix(SIGNS)
    if plain.startswith(LEARNED):
        # Of the model's name the family and its settings; here every block has 2 x 2 sites.
        words = re.sub(r'^L\d+_k[^_]*_', '', plain.removeprefix(LEARNED)).split('_')
        plain = ', '.join(['learned', *(word for word in words
                                        if not re.fullmatch(r'd\d+|block2', word))])
    else:
        plain = re.sub(r'_w(?=-?[\d.])', ', w = ', plain).replace('_', ' ')
    return f'{plain}: signs' if blocks.endswith(SIGNS) else plain
