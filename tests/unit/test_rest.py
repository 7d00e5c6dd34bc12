"""From which level on a coupling of blocked fields is at rest."""

import math

import pytest

from phi4hpc.flow.rest import Coupling, at_rest


def couplings(values, error=1e-4):
    return [Coupling(level, value, error * value, math.nan, math.nan)
            for level, value in enumerate(values)]


@pytest.mark.parametrize(('values', 'level'), [
    ([1.0, 0.6, 0.5, 0.49, 0.488], 2), ([0.5, 0.5, 0.5], 0), ([1.0, 0.5, 0.25], None),
    ([1.0, 0.99, 0.5, 0.49], 2)], ids=['comes to rest', 'at once', 'never', 'not yet'])
def test_a_coupling_is_at_rest_from_the_level_on_after_which_it_changes_little(values, level):
    assert at_rest(couplings(values)) == level


def test_a_later_change_within_two_errors_contradicts_nothing():
    noisy = couplings([1.0, 0.99, 0.98])[:2] + couplings([1.0, 0.99, 0.8], error=0.08)[2:]
    assert at_rest(noisy) == 0


@pytest.mark.parametrize(('of_change', 'level'), [(0.01, None), (0.06, 0), (math.nan, 0)],
                         ids=['known well', 'known badly', 'of an older version'])
def test_levels_that_share_their_draws_are_compared_by_the_error_of_the_change(of_change, level):
    """A change of 0.15, where one of 0.1 is at rest."""
    found = [Coupling(number, value, 0.03 * value, math.nan, math.nan, math.log(after / value),
                      of_change)
             for number, (value, after) in enumerate([(1.0, 1.0), (1.0, 0.86)])]
    assert at_rest([*found, Coupling(2, 0.86, 0.026, math.nan, math.nan)]) == level


def test_what_is_not_known_to_a_tenth_is_not_at_rest():
    assert at_rest(couplings([0.5, 0.5, 0.5], error=0.2)) is None
