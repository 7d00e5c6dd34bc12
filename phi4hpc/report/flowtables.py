"""The tables of the flow, as rows of text: exponents, what is published, judgement, and kappa_c."""

from typing import Any, NamedTuple

from phi4hpc.flow.judgement import EXACT, Judgement
from phi4hpc.flow.kinds import of_kind
from phi4hpc.flow.rest import at_rest, couplings
from phi4hpc.report.flow import (
    critical_rung,
    distance,
    judgements,
    matches,
    rounded,
    step_read,
    title,
)
from phi4hpc.report.numbers import UNDEFINED, value_error
from phi4hpc.report.study import Entry, Study


class Paper(NamedTuple):
    """Published exponents to stand beside: {name: (value, error)}."""

    title: str
    source: str
    marker: str
    values: dict[str, tuple[float, float]]


PUBLISHED = (
    Paper('biased sampling, Ising L = 300', 'arXiv:1707.08683', 's',
          {'y_t': (1.009, 0.003), 'y_h': (1.8796, 0.0006)}),
    Paper('learned flow of φ⁴, from ν = 0.885(15)', 'arXiv:2510.06508', 'D',
          {'y_t': (1 / 0.885, 0.015 / 0.885**2)}))


def tables(study: Study) -> dict[str, Any]:
    """Return the tables of the page, as rows of text."""
    own = study.kappa_c
    return {'rows': rows(study), 'published': published(), 'scaling': own and value_error(*own),
            'matches': [match_row(entry) for entry in matches(study)]}


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
            'truncation': (distance(arrived.truncation, arrived.truncation_error) if arrived
                           else UNDEFINED),
            'rest': UNDEFINED if len(lam) < 2 or (level := at_rest(lam)) is None else str(level)})
    return found


def exponent_row(one: Judgement, name: str) -> dict[str, str]:
    """Return an exponent in words, at the step at which it is read, and the next step's."""
    keys = ('value', 'truncation', 'lattice', 'spread', 'next')
    if not (read := one.read(name)):
        return dict.fromkeys(keys, UNDEFINED)
    following = [value_error(each.value, each.error) for each in getattr(one, name)
                 if each.step == read.step + 1]
    return dict(zip(keys, (value_error(read.value, read.error),
                           distance(read.truncation, read.truncation_error),
                           distance(read.lattice, read.lattice_error), rounded(read.spread),
                           *(following or [UNDEFINED])), strict=True))


def published() -> list[dict[str, str]]:
    """Return a row of text for every published pair of exponents."""
    return [{'title': paper.title, 'source': paper.source,
             **{name: value_error(*paper.values[name], digits=1) if name in paper.values
                else UNDEFINED for name in EXACT}} for paper in PUBLISHED]


def match_row(entry: Entry) -> dict[str, Any]:
    """Return kappa_c by one pair of lattices, in words."""
    kappa, scatter = entry['kappa'], entry['scatter']
    return {'title': title(entry['blocks']), 'L': entry['L'], 'level': entry['level'],
            'half': entry['L'] // 2, 'less': entry['level'] - 1, 'operator': entry['operator'],
            'kappa': value_error(kappa['value'], kappa['error']),
            'interpolation': rounded(kappa['interpolation']),
            'scatter': UNDEFINED if scatter is None else rounded(scatter)}
