"""Polynomials of neighbouring sites on many fields at once: operators, slopes and curvatures.

Axes: n draws, (y, x) sites of a periodic lattice.
"""

from collections.abc import Iterable

import numpy as np

from phi4hpc.lattice.operator import Monomial, Polynomial, Site


class Fields:
    """Fields (n, y, x) on which polynomials are evaluated, whose sites are at most `reach` away.

    A halo surrounds the fields, so that a shifted field is a view and no copy. In float64.
    """

    def __init__(self, phi_nyx: np.ndarray, reach: int) -> None:
        self.L, self.reach = phi_nyx.shape[-1], reach
        around = (0, 0), (reach, reach), (reach, reach)
        self.powers = [np.pad(phi_nyx.astype(np.float64, copy=False), around, mode='wrap')]

    def at(self, site: Site, power: int) -> np.ndarray:
        """Return phi(x + site)^power, (n, y, x), a view."""
        while len(self.powers) < power:
            self.powers.append(self.powers[-1] * self.powers[0])
        y, x = (self.reach + shift for shift in site)
        return self.powers[power - 1][:, y:y + self.L, x:x + self.L]

    def values(self, polynomial: Polynomial) -> np.ndarray:
        """Return the polynomial centred at each site, (n, y, x)."""
        total_nyx = np.zeros_like(self.at((0, 0), 1))
        for first, rest in factored(polynomial):
            if first is None:
                total_nyx += rest[()]
            elif set(rest) == {()}:
                total_nyx += self.at(*first) if rest[()] == 1 else rest[()] * self.at(*first)
            else:
                total_nyx += self.at(*first) * self.values(rest)
        return total_nyx

    def sums(self, polynomial: Polynomial) -> np.ndarray:
        """Return the sum of the polynomial over the sites, (n,)."""
        total_n = np.zeros(len(self.powers[0]))
        for first, rest in factored(polynomial):
            if first is None:
                total_n += rest[()] * self.L**2
            elif set(rest) == {()}:
                total_n += rest[()] * np.einsum('nyx->n', self.at(*first))
            else:
                total_n += np.einsum('nyx,nyx->n', self.at(*first), self.values(rest))
        return total_n


def factored(polynomial: Polynomial) -> Iterable[tuple[tuple[Site, int] | None, Polynomial]]:
    """Return (factor, the rest) of the monomials by their first factor; None and {(): c} of c."""
    found: dict[tuple[Site, int] | None, dict[Monomial, int]] = {}
    for term, coefficient in polynomial.items():
        found.setdefault(term[0] if term else None, {})[term[1:]] = coefficient
    return found.items()
