"""Which block spin is best: the step at which its exponents are read, and how soon they are right.

Everything is a function of the list `exponents` of flow.json, by rules that no result had a part
in. A block spin is read at the first step at which both exponents agree with those of the next step
within TWO standard errors of the difference: then the irrelevant couplings have died away, even and
odd ones, as far as these draws can see. Both steps have the same draws, and so the difference has
an error of its own, from the same blocks of draws deleted. Two starting lattices could be asked to
agree in its place. That agreement tells only that finite size does not matter, and the error
`lattice` tells it, too.

A block spin has arrived at the first step from which on its y_t is within WITHIN of the exact one:
it is so at that step, and no later step contradicts it by more than TWO errors. Of those that have
arrived at the same step the one is better whose truncation is smaller, by more than TWO errors: it
is a small difference of large sets of operators, and the order of what is not resolved is chance.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from phi4hpc.flow.kinds import Entry, of_kind, without_seed
from phi4hpc.lattice import transition

EXACT = {'y_t': 1 / transition.EXACT['nu'], 'y_h': 2 - transition.EXACT['beta/nu']}
"""1/nu and 2 - beta/nu of the Ising class in two dimensions."""
TWO = 2.0
WITHIN = 0.02
RESOLVED = 0.05
"""Part of itself that the statistical error of an exponent may be for it to take part."""
SMALLEST = 8
"""Sites a side of the finer lattice of a step, at least: on smaller ones operators overlap."""


@dataclass(frozen=True)
class Exponent:
    """An exponent of a block spin at a step, the mean over training seeds where there are several.

    `error` is that of statistics, `truncation` the change from one set of operators to the next,
    `lattice` that from half the lattice, `spread` the standard deviation over seeds, whose values
    are `seeds`. What is not known is NaN.

    `changes` is how much the next step has more by the same operators, for each seed, and
    `change_error` the error of that over draws; () and NaN where it is not known. `truncation` and
    `lattice` have errors of their own.
    """

    step: int
    L: int
    operators: int
    value: float
    error: float
    truncation: float
    lattice: float
    seeds: tuple[float, ...]
    changes: tuple[float, ...] = ()
    change_error: float = math.nan
    truncation_error: float = math.nan
    lattice_error: float = math.nan

    @property
    def spread(self) -> float:
        """The standard deviation over training seeds; NaN where there is one."""
        return stdev(self.seeds) if len(self.seeds) > 1 else math.nan

    @property
    def joint(self) -> float:
        """The error that holds that of statistics, and that of the mean over seeds."""
        return with_seeds(self.error, self.seeds)

    @property
    def resolved(self) -> bool:
        """Whether it is known well enough to take part in a choice."""
        return self.joint <= RESOLVED * abs(self.value)


@dataclass(frozen=True)
class Judgement:
    """What is found of one kind of block spin: its name, and the exponents by step."""

    blocks: str
    start: int
    y_t: list[Exponent]
    y_h: list[Exponent]

    @property
    def settled(self) -> int | None:
        """The first step at which all exponents agree with those of the next; None if never."""
        known, steps = self._known()
        return next((step for step in steps if step + 1 in steps
                     and all(agree(of[step], of[step + 1]) for of in known.values())), None)

    def read(self, name: str) -> Exponent | None:
        """Return an exponent at the step at which the block spin is read.

        Where no step has settled it is the last that takes part; None where there is none.
        """
        known, steps = self._known()
        step = self.settled or max(steps, default=0)
        return known.get(name, {}).get(step)

    def _known(self) -> tuple[dict[str, dict[int, Exponent]], list[int]]:
        """Return {name: {step: exponent}} of what takes part, and the steps that all have."""
        named = {name: taking_part(getattr(self, name)) for name in EXACT if getattr(self, name)}
        known = {name: {one.step: one for one in steps} for name, steps in named.items()}
        steps = set.intersection(*(set(of) for of in known.values())) if known else set()
        return known, sorted(steps)

    @property
    def arrived(self) -> Exponent | None:
        """y_t at the step from which on it is within WITHIN of the exact value, None if never."""
        return arrival(self.y_t, EXACT['y_t'])

    @property
    def rank(self) -> tuple[float, float]:
        """What block spins are sorted by: steps until y_t has arrived, then its truncation."""
        if not (found := self.arrived):
            return math.inf, math.inf
        return found.step, math.inf if math.isnan(found.truncation) else found.truncation


def judged(entries: list[Entry], kappa: float) -> list[Judgement]:
    """Return the judgement of every kind of block spin at a kappa, the best first (see `best`).

    Each is judged on the largest lattice that it has there.
    """
    here = [entry for entry in entries if entry['kappa'] == kappa]
    found = []
    for blocks in dict.fromkeys(without_seed(entry['blocks']) for entry in here):
        own = of_kind(here, blocks)
        exponents = (list(by_step(own, name)) for name in EXACT)
        found.append(Judgement(blocks, own[0]['start'], *exponents))
    return sorted(found, key=lambda one: one.rank)


def best(judgements: list[Judgement]) -> list[Judgement]:
    """Return those that no other one is better than, from what `judged` returns; none where none
    has arrived.
    """
    there = [(one, found) for one in judgements if (found := one.arrived)]
    return [one for one, found in there if found.step == there[0][1].step
            and not clearly_above(found, there[0][1])]


def clearly_above(one: Exponent, other: Exponent) -> bool:
    """Return whether the truncation of an exponent is larger, by more than TWO errors where both
    are known."""
    error = math.hypot(one.truncation_error, other.truncation_error)
    return one.truncation - other.truncation > TWO * (0 if math.isnan(error) else error)


def by_step(entries: list[Entry], name: str, operators: int | None = None) -> Iterator[Exponent]:
    """Yield the exponent `name` of one kind of block spin by step, by the largest number of
    operators that a step has, or by `operators`."""
    parity = 'even' if name == 'y_t' else 'odd'
    known = [entry for entry in entries if entry.get(name)
             and math.isfinite(entry[name]['value']) and operators in (None, entry[parity])]
    for step in sorted({entry['step'] for entry in known}):
        own = [entry for entry in known if entry['step'] == step]
        most = max(entry[parity] for entry in own)
        # Nested sets may repeat a number of operators of one parity, with the same exponent.
        of_seed = {entry['blocks']: entry[name] for entry in own if entry[parity] == most}
        parts = {key: fmean(abs(number(one.get(key))) for one in of_seed.values())
                 for key in ('error', 'truncation', 'truncation_error', 'lattice',
                             'lattice_error')}
        seeds = tuple(one['value'] for one in of_seed.values())
        changes, change_error = changes_of(of_seed.values())
        yield Exponent(step, own[0]['L'], most, fmean(seeds), **parts, seeds=seeds,
                       changes=changes, change_error=change_error)


def changes_of(ones: Iterable[dict[str, Any]]) -> tuple[tuple[float, ...], float]:
    """Return the `change` of each of some numbers of flow.json, which differ by the seed, and its
    error over draws; () and NaN where one of them has none.
    """
    found = [one.get('change') or {'value': math.nan, 'error': math.nan} for one in ones]
    if not all(math.isfinite(change['error']) for change in found):
        return (), math.nan
    return tuple(change['value'] for change in found), fmean(change['error'] for change in found)


def number(value: float | None) -> float:
    """Return a number, NaN for what is not defined."""
    return math.nan if value is None else value


def taking_part(steps: list[Exponent]) -> list[Exponent]:
    """Return the steps from lattices that are large enough, which are resolved."""
    return [one for one in steps if one.L >= SMALLEST and one.resolved]


def with_seeds(error: float, seeds: Sequence[float]) -> float:
    """Return an error over draws, which seeds share, together with that of the mean over seeds."""
    return math.hypot(error, stdev(seeds) / len(seeds) ** 0.5) if len(seeds) > 1 else error


def agree(one: Exponent, following: Exponent) -> bool:
    """Return whether an exponent agrees with that of the next step within TWO errors.

    The error is that of the difference. Where flow.json has none, as that of an older version,
    errors of both are added up as if the steps did not share their draws.
    """
    if math.isfinite(one.change_error):
        return abs(fmean(one.changes)) <= TWO * with_seeds(one.change_error, one.changes)
    return abs(one.value - following.value) <= TWO * math.hypot(one.joint, following.joint)


def arrival(steps: list[Exponent], exact: float) -> Exponent | None:
    """Return the first step from which on the exponent is right, None where there is none."""
    large = [one for one in steps if one.L >= SMALLEST]
    for position, one in enumerate(large):
        margins = [abs(later.value / exact - 1) - WITHIN for later in large[position:]]
        errors = [later.joint / exact for later in large[position:]]
        if one.resolved and margins[0] <= 0 and all(
                margin <= TWO * error for margin, error in zip(margins, errors, strict=True)):
            return one
    return None
