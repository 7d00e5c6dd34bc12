"""Pulls: differences between two runs over their standard errors, and how likely they are.

Errors are themselves estimates. The Gamma method quotes tau_int +- its error, and an error is
proportional to the square root of tau_int, so that a pull follows a t distribution with
2 (tau_int / its error)^2 degrees of freedom, as of a variance that is known as well.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.lattice.observable import FOLDER
from phi4hpc.opened import Run

SAME = 1e-9
"""The relative difference up to which two kappas are one rung."""
Estimate = dict[str, Any]


@dataclass(frozen=True)
class Pull:
    """A quantity `name` in two runs: `a` of the first and `b` of the other, as estimates."""

    name: str
    a: Estimate
    b: Estimate
    L: int | None = None
    kappa: float | None = None

    @property
    def error(self) -> float:
        """The standard error of the difference of independent runs."""
        return math.hypot(self.a['error'], self.b['error'])

    @property
    def pull(self) -> float:
        """(b - a) / error; 0 where the two are equal, infinite where they differ without errors."""
        difference = self.b['value'] - self.a['value']
        return difference / self.error if self.error else math.copysign(
            math.inf, difference) if difference else 0.0

    @property
    def freedom(self) -> float:
        """The degrees of freedom of the pull, by the rule of Welch and Satterthwaite."""
        weights = sum((part['error'] / (self.error or 1)) ** 4 / freedom(part)
                      for part in (self.a, self.b))
        return max(1.0, 1 / weights) if weights else math.inf

    @property
    def chance(self) -> float:
        """The probability of a pull that is as large or larger, of runs that agree."""
        from scipy.stats import t

        return 2 * float(t.sf(abs(self.pull), self.freedom))


def freedom(estimate: Estimate) -> float:
    """Return the degrees of freedom of an error."""
    tau, error = estimate.get('tau_int', 1.0), estimate.get('tau_int_error', 0.0)
    return 2 * (tau / error) ** 2 if error else math.inf


def unlikely(pulls: Iterable[Pull]) -> float:
    """Return a bound on the probability that runs which agree have a pull as large as the largest.

    It is that of Bonferroni, which holds however the means are correlated.
    """
    chances = [pull.chance for pull in pulls]
    return min(1.0, len(chances) * min(chances))


def judged(first: Run, other: Run) -> list[Pull]:
    """Return the pulls by which two runs agree or not: of means, and of points of the transition.

    Raises UserError where there are none.
    """
    found = [*means(first, other), *transition(first, other)]
    if not found:
        raise UserError(f'{first.path} and {other.path}: nothing in common; expected runs that '
                        'have a lattice and rungs of the same kappa, or both a kappa_c')
    return found


def means(first: Run, other: Run) -> Iterator[Pull]:
    """Yield the pulls of all means that are numbers, at the rungs that two runs have in common."""
    old, new = (results(run)['ensembles'] for run in (first, other))
    for a, b in rungs(old, new):
        yield from (Pull(name, a[name], b[name], a['L'], a['kappa']) for name in names(a, b))


def rungs(old: list[Estimate], new: list[Estimate]) -> Iterator[tuple[Estimate, Estimate]]:
    """Yield the entries of results.json that belong to the same rung."""
    for a in old:
        for b in new:
            if a['L'] == b['L'] and math.isclose(a['kappa'], b['kappa'], rel_tol=SAME):
                yield a, b


def names(a: Estimate, b: Estimate) -> list[str]:
    """Return the means that are numbers with errors in both entries, ours first."""
    ours = plugins.names(FOLDER)
    own = sorted(name for name in a if '.' in name)
    return [name for name in (*ours, *own) if number(a.get(name)) and number(b.get(name))]


def number(estimate: Any) -> bool:
    """Return whether something of results.json is a number with an error."""
    return isinstance(estimate, dict) and isinstance(estimate.get('value'), float)


def transition(first: Run, other: Run) -> list[Pull]:
    """Return the pulls of kappa_c and of the exponents."""
    old, new = (points(results(run).get('transition') or {}) for run in (first, other))
    return [Pull(name, old[name], new[name]) for name in old if name in new]


def points(found: dict[str, Any]) -> dict[str, Estimate]:
    """Return kappa_c and exponents, with errors that have the systematic part in them."""
    named = {'kappa_c': found.get('kappa_c'), **(found.get('exponents') or {})}
    return {name: {'value': point['value'],
                   'error': math.hypot(point['error'], point['systematic'])}
            for name, point in named.items() if point}


def models(first: Run, other: Run) -> list[Pull]:
    """Return the pulls of the ratio of losses, of all models of the same name."""
    old, new = (records(run) for run in (first, other))
    return [Pull(name, old[name], new[name]) for name in old if name in new]


def records(run: Run) -> dict[str, Estimate]:
    """Return {model: loss / that of the linear optimum} of a run, less models that diverged."""
    found = {path.stem: read_json(path) for path in sorted(run.path.glob('models/*.json'))}
    return {name: {'value': record['ratio'], 'error': record['ratio_error']}
            for name, record in found.items() if 'ratio' in record}


def results(run: Run) -> dict[str, Any]:
    """Return results.json. Raises UserError where it is not there yet."""
    found = read_json(run.path / 'results.json')
    if not found:
        raise UserError(f'{run.path}: no results.json yet; run the stage measure')
    return found
