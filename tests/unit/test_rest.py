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


def test_what_is_not_known_to_a_tenth_is_not_at_rest():
    assert at_rest(couplings([0.5, 0.5, 0.5], error=0.2)) is None
