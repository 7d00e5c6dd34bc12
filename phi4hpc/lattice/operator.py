"""What an operator is: a file of lattice/operators/, or a user's own module of the same form.

    LABEL = r'$\\phi\\phi_1$'           # LaTeX, for figures and tables
    SITES = [(0, 0), (0, 1)]          # S is the product of phi at these sites (y, x), summed over
                                      #     its images; a site that is there p times has phi^p
    TRUNCATION = 1                    # the first of the nested sets that has it; else the last

The images are those under the translations and the eight symmetries of the square, each once. So
the sites above make S = sum_{x,mu} phi(x) phi(x+mu), over the 2 L^2 links. Slopes dS/dphi(x) and
curvatures d^2S/dphi(x)^2 are polynomials too and follow from the sites, so that they are exact.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from types import ModuleType
from typing import Any

from phi4hpc import plugins
from phi4hpc.errors import UserError

FOLDER = 'phi4hpc.lattice.operators'
LAST = 4
"""The largest of the nested sets."""
Site = tuple[int, int]
Monomial = tuple[tuple[Site, int], ...]
"""((site, power of phi there), ...), by site."""
Polynomial = dict[Monomial, int]
"""{monomial: its coefficient}."""


@dataclass(frozen=True)
class Operator:
    """An operator by its name in the deck."""

    name: str
    label: str
    sites: tuple[Site, ...]
    truncation: int

    @property
    def degree(self) -> int:
        """The power of phi in it."""
        return len(self.sites)

    @property
    def even(self) -> bool:
        """Whether it stays the same where phi changes its sign; else it changes its sign too."""
        return self.degree % 2 == 0

    @property
    def reach(self) -> int:
        """The largest distance of two of its sites along an axis."""
        return max(max(axis) - min(axis) for axis in zip(*self.sites, strict=True))

    @cached_property
    def terms(self) -> Polynomial:
        """Its images, those alone that no translation carries into each other."""
        return dict.fromkeys((first_at_origin(monomial(image)) for image in images(self.sites)), 1)

    @cached_property
    def of_signs(self) -> Polynomial:
        """What is left of it on fields of +-1, where phi^2 = 1."""
        left = (tuple((site, 1) for site, power in term if power % 2) for term in self.terms)
        return dict.fromkeys((first_at_origin(term) for term in left), 1)

    @cached_property
    def slope(self) -> Polynomial:
        """dS/dphi(0), from the terms as each of their sites comes to the origin."""
        return derivative(self._at_origin())

    @cached_property
    def curvature(self) -> Polynomial:
        """d^2S/dphi(0)^2, on lattices that are larger than the reach."""
        return derivative(self.slope)

    def _at_origin(self) -> Polynomial:
        """Return all of S that depends on phi(0)."""
        return dict(Counter(moved(term, site) for term in self.terms for site, _ in term))


def images(sites: Iterable[Site]) -> Iterator[list[Site]]:
    """Yield the sites as each of the eight symmetries of the square carries them."""
    for turned in list(sites), [(x, y) for y, x in sites]:
        for _ in range(4):
            turned = [(x, -y) for y, x in turned]
            yield turned


def monomial(sites: Iterable[Site]) -> Monomial:
    """Return the product of phi at the sites."""
    return tuple(sorted(Counter(sites).items()))


def moved(term: Monomial, origin: Site) -> Monomial:
    """Return a monomial translated so that the site `origin` comes to (0, 0)."""
    return tuple(((y - origin[0], x - origin[1]), power) for (y, x), power in term)


def first_at_origin(term: Monomial) -> Monomial:
    """Return the translated monomial whose first site is (0, 0); 1 stays 1."""
    return moved(term, term[0][0]) if term else term


def derivative(polynomial: Polynomial) -> Polynomial:
    """Return the derivative by phi(0)."""
    found: Counter[Monomial] = Counter()
    for term, coefficient in polynomial.items():
        powers = dict(term)
        power = powers.pop((0, 0), 0)
        if power > 1:
            powers[0, 0] = power - 1
        if power:
            found[tuple(sorted(powers.items()))] += coefficient * power
    return dict(found)


@cache
def load(name: str) -> Operator:
    """Return the operator that a deck calls `name`: the name of our file, or a dotted path.

    Raises UserError where there is none, or where it is not what this module says.
    """
    module = plugins.load(FOLDER, name)
    label, sites = getattr(module, 'LABEL', None), _sites(module)
    truncation = getattr(module, 'TRUNCATION', LAST)
    if not isinstance(label, str) or not sites:
        raise UserError(f'{name}: expected an operator, which has LABEL and SITES, a list of '
                        '(y, x), whole numbers')
    if truncation not in range(1, LAST + 1):
        raise UserError(f'{name}: TRUNCATION = {truncation!r}: expected a whole number from 1 to '
                        f'{LAST}')
    return Operator(name, label, sites, truncation)


def _sites(module: ModuleType) -> tuple[Site, ...]:
    """Return the sites that a module says, none where it says anything else."""
    said: Any = getattr(module, 'SITES', ())
    try:
        sites = tuple((y, x) for y, x in said)
    except (TypeError, ValueError):
        return ()
    return sites if all(type(part) is int for site in sites for part in site) else ()


def nested(extra: Iterable[str] = ()) -> list[Operator]:
    """Return ours and those in `extra`, by the set in which each comes first, then by degree."""
    found = map(load, (*plugins.names(FOLDER), *extra))
    return sorted(found, key=lambda each: (each.truncation, each.degree, each.reach, each.name))


def distinct(operators: Iterable[Operator]) -> list[Operator]:
    """Return those that differ on fields of +-1, where phi^4 is a constant and phi^3 is phi."""
    seen: list[Polynomial] = [{(): 1}]
    found = []
    for each in operators:
        if each.of_signs not in seen:
            seen.append(each.of_signs)
            found.append(each)
    return found
