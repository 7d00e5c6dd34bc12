"""What is said of the rungs of a ladder is found in their means."""

import pytest

from phi4hpc.statistics.rungs import brackets, largest_susceptibility, phases, seen_at_rungs

KAPPAS = [0.24, 0.25, 0.26, 0.27, 0.28, 0.29]


def lattice(L, binders, error=0.01, kappas=KAPPAS):
    """Return entries of results.json with these Binder cumulants, None where they are not
    defined."""
    return [{'L': L, 'kappa': kappa, 'binder': None if u is None else {'value': u, 'error': error}}
            for kappa, u in zip(kappas, binders, strict=False)]


def test_crossing_is_bracketed_by_the_nearest_rungs_that_can_tell():
    entries = (lattice(16, [0.10, 0.30, 0.50, 0.60, 0.62, 0.64])
               + lattice(32, [0.00, 0.10, 0.40, 0.605, 0.65, 0.66]))
    assert brackets(entries) == [{'small': 16, 'large': 32, 'below': 0.26, 'above': 0.28}]


def test_lattices_with_ladders_of_their_own_are_compared_at_the_rungs_of_the_larger_one():
    entries = (lattice(16, [0.1, 0.5, 0.6], kappas=[0.24, 0.26, 0.28])
               + lattice(32, [0.05, 0.1, 0.66], kappas=[0.24, 0.25, 0.27]))
    assert brackets(entries) == [{'small': 16, 'large': 32, 'below': 0.25, 'above': 0.27}]


@pytest.mark.parametrize(('small', 'large', 'error'), [
    ([0.1, 0.3, 0.6], [0.0, 0.3, 0.65], 0.1),                      # hidden by errors
    ([0.1, 0.3, 0.6], [0.0, 0.1, 0.5], 0.01),                      # no crossing
    ([None, None, None], [0.0, 0.1, 0.5], 0.01),                   # not defined
    ([0.1], [0.2], 0.01),                                          # one rung
])
def test_no_crossing_is_claimed_where_none_is_seen(small, large, error):
    assert brackets(lattice(16, small, error) + lattice(32, large, error)) == []


@pytest.mark.parametrize(('binders', 'lam', 'symmetric', 'broken'), [
    ([0.05, 0.4, 0.66], 0.02, True, True),
    ([0.05, 0.1, 0.2], 0.02, True, False),
    ([0.6, 0.65, 0.66], 0.02, False, True),
    ([0.4], 0.02, False, False),
    ([0.55, 0.62], 0.02, False, False),           # as at criticality, where it is 0.61
    ([None, None], 0.02, False, False),
    ([0.6, 0.65], 0.0, True, False),              # by chance: there is no transition at lambda = 0
])
def test_phases_are_those_at_the_ends_of_the_largest_lattice(binders, lam, symmetric, broken):
    found = phases(lattice(8, [0.66, 0.0]) + lattice(16, binders), lam)
    assert found == {'interacting': lam > 0, 'symmetric': symmetric, 'broken': broken,
                     'transition': symmetric and broken}


def test_largest_susceptibility_is_that_of_a_rung_with_its_error():
    entries = [{'L': 8, 'kappa': kappa,
                'susceptibility': {'value': chi, 'error': 0.1, 'tau_int': 1.0}}
               for kappa, chi in ((0.24, 1.0), (0.27, 7.0), (0.29, 2.0))]
    entries.append({'L': 16, 'kappa': 0.24, 'susceptibility': None})
    assert largest_susceptibility(entries) == [
        {'L': 8, 'kappa': 0.27, 'susceptibility': {'value': 7.0, 'error': 0.1}}]


def test_all_that_is_seen_at_rungs_has_its_key():
    found = seen_at_rungs(lattice(8, [0.1, 0.6]), 0.02)
    assert set(found) == {'phases', 'brackets', 'largest_susceptibility'}
