"""The entries of flow.json: what follows from the sums of one ensemble under one block spin.

Errors are those of a jackknife over blocks of neighbouring draws, which are longer than draws
remember. Axes: b jackknife blocks, l levels, a operators, i numbers that are estimated.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from phi4hpc.flow import couplings, stability
from phi4hpc.flow.jackknifed import Jackknifed, distance, pair, with_changes
from phi4hpc.flow.normalised import Normalisation
from phi4hpc.flow.sums import COUPLINGS, Sums
from phi4hpc.lattice.operator import LAST, Operator
from phi4hpc.parallel.jackknife import deleted_error

Entry = dict[str, Any]


class Leading(NamedTuple):
    """The leading exponent of a set of operators, and how many of their directions are dropped."""

    y: Jackknifed
    operators: list[str]
    dropped: int


class Estimates:
    """The estimates from the sums (b, ...) over the blocks of the jackknife."""

    def __init__(self, normalisation: Normalisation, sums: Sums) -> None:
        self.normalisation, self.sizes = normalisation, normalisation.chain.sizes
        self.operators = normalisation.operators
        self.total = {name: array.sum(0) for name, array in sums.items()}
        self.without_b = [{name: self.total[name] - array[b] for name, array in sums.items()}
                          for b in range(len(sums['draws']))]
        self.means = normalisation.means(self.total)
        self.means_b = [normalisation.means(rest) for rest in self.without_b]

    def levels(self) -> Iterator[Entry]:
        """Yield what the fields of each level were divided by, and their variance before that."""
        def of(sums: Sums) -> np.ndarray:
            factor_l = self.normalisation.factors(sums)
            normalised_l = (self.normalisation.raw_variance(sums)
                            * self.normalisation.constants(sums) ** 2)
            return np.array([factor_l, factor_l**2 * normalised_l])

        value, error = of(self.total), deleted_error(np.array([of(s) for s in self.without_b]))
        divided = not self.normalisation.chain.block.of_signs
        for level, L in enumerate(self.sizes):
            factor, variance = (pair(value[i, level], error[i, level]) for i in (0, 1))
            yield {'level': level, 'L': L, 'factor': factor if divided else None,
                   'variance': variance}

    def densities(self) -> Iterator[Entry]:
        """Yield the means of the operators, per site, of each level."""
        for level, L in enumerate(self.sizes):
            value_a, error_a = (part / L**2 for part in self._of(
                lambda means: means['value'][level]))  # noqa: B023
            yield {'level': level, 'L': L,
                   'operators': by_name(self.operators.all, value_a, error_a)}

    def couplings(self) -> Iterator[Entry]:
        """Yield the couplings of each level, for each of the nested sets of operators."""
        levels = range(len(self.sizes) if self.operators.couplings else 0)
        chosen = {last: [i for i, each in enumerate(self.operators.couplings)
                         if each.truncation <= last] for last in range(1, COUPLINGS + 1)}
        found = {(level, last): self._couplings(level, own)
                 for level in levels for last, own in chosen.items()}
        for (level, last), of_i in found.items():
            operators = [self.operators.couplings[i] for i in chosen[last]]
            smaller, following = found.get((level, last - 1)), found.get((level + 1, last))
            points = {name: with_changes(
                of_i[i], smaller[i] if smaller else None,
                following[i].log() - of_i[i].log() if following else None)
                for i, name in enumerate(('kappa_prime', 'lambda_prime'))}
            yield {'level': level, 'L': self.sizes[level],
                   'operators': [each.name for each in operators], **points,
                   'K': {each.name: pair(K.value, K.error)
                         for each, K in zip(operators, of_i[2:], strict=True)}}

    def exponents(self) -> Iterator[Entry]:
        """Yield the exponents of each step, for each of the nested sets of operators."""
        found = {(y, step, last): self._leading(step, last, y == 'y_t') for y in ('y_t', 'y_h')
                 for step in range(1, len(self.sizes)) for last in range(1, LAST + 1)}
        for step, L in enumerate(self.sizes[:-1], 1):
            for last in range(1, LAST + 1):
                entry: Entry = {'step': step, 'L': L, 'dropped': 0}
                for name, y in ('even', 'y_t'), ('odd', 'y_h'):
                    one, smaller, following = (found.get((y, *at)) for at in (
                        (step, last), (step, last - 1), (step + 1, last)))
                    assert one
                    entry |= {name: len(one.operators), f'operators_{name}': one.operators,
                              'dropped': entry['dropped'] + one.dropped,
                              y: with_changes(one.y, smaller and smaller.y,
                                              following and following.y - one.y)}
                yield entry

    def stability(self) -> np.ndarray:
        """Return T of all operators, (s, a, a); even and odd ones do not mix."""
        found = np.zeros_like(self.means['cross'])
        for step in range(len(found)):
            for even in (True, False):
                chosen = [i for i, each in enumerate(self.operators.all) if each.even == even]
                kept = self._kept(step + 1, chosen, even)
                found[step][np.ix_(chosen, chosen)] = stability.matrix(
                    *correlations(self.means, step + 1, chosen, even), kept)
        return found

    def _couplings(self, level: int, chosen: list[int]) -> list[Jackknifed]:
        """Return kappa', lambda' and the K of the `chosen` couplings."""
        operators = [self.operators.couplings[i] for i in chosen]
        value_i, value_bi = self._deleted(lambda means: couplings.solved(
            means['slope'][level][np.ix_(chosen, chosen)], means['curvature'][level][chosen],
            operators))
        return [Jackknifed(float(value), value_b)
                for value, value_b in zip(value_i, value_bi.T, strict=True)]

    def _leading(self, step: int, last: int, even: bool) -> Leading:
        """Return the leading exponent of the operators of one parity in a nested set."""
        chosen = [i for i, each in enumerate(self.operators.all)
                  if each.even == even and each.truncation <= last]
        kept = self._kept(step, chosen, even)
        value, value_b = self._deleted(lambda means: np.array(
            stability.exponent(*correlations(means, step, chosen, even), kept)))
        return Leading(Jackknifed(float(value), value_b),
                       [self.operators.all[i].name for i in chosen], len(chosen) - kept)

    def _kept(self, step: int, chosen: list[int], even: bool) -> int:
        """Return how many directions are resolved."""
        return stability.resolved(*self._of(lambda means: stability.variances(
            *correlations(means, step, chosen, even)[:2])[0]))

    def _of(self, estimate: Callable[[Sums], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return (value, error) of a vector that follows from the means."""
        value_i, value_bi = self._deleted(estimate)
        return value_i, deleted_error(value_bi)

    def _deleted(self, estimate: Callable[[Sums], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return a vector that follows from the means (i,), and with each block deleted (b, i)."""
        return estimate(self.means), np.array([estimate(means) for means in self.means_b])


def correlations(means: Sums, step: int, chosen: list[int],
                 even: bool | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return <S' S'>_c, the mean squares of S', and <S' S>_c of the `chosen` operators.

    S' is at level `step`, S at the one before. Means of odd operators are zero by symmetry.
    """
    square = np.ix_(chosen, chosen)
    finer_a, coarser_a = (means['value'][level][chosen] * even for level in (step - 1, step))
    product_aa = means['product'][step][square]
    return (stability.connected(product_aa, coarser_a, coarser_a), np.diag(product_aa),
            stability.connected(means['cross'][step - 1][square], coarser_a, finer_a))


def by_name(operators: list[Operator], value_a: np.ndarray, error_a: np.ndarray) -> Entry:
    """Return {operator: its value and error}."""
    return {each.name: pair(value, error)
            for each, value, error in zip(operators, value_a, error_a, strict=True)}


def beside_smaller(entries: list[Entry]) -> None:
    """Add to each exponent as `lattice` by how much it differs from that of a start at L/2, with
    the error of that.

    The two are compared at the same step, so that what differs is the size of the lattice and not
    how often it was blocked, with the same operators; None where there is no such start. They are
    of independent draws.
    """
    def known_by(entry: Entry, start: int) -> tuple:
        return (entry['blocks'], entry['kappa'], start, entry['step'], entry['even'], entry['odd'])

    known = {known_by(entry, entry['start']): entry for entry in entries}
    for entry in entries:
        other = known.get(known_by(entry, entry['start'] // 2), {})
        for y in ('y_t', 'y_h'):
            if entry[y] is not None:
                there, own = other.get(y), entry[y]
                own |= distance('lattice', there and abs(own['value'] - there['value']),
                                there and np.hypot(own['error'], there['error']))
