"""What poor data do not give costs a line in the log and nothing else."""

import math

import pytest

from phi4hpc.errors import UserError
from phi4hpc.parallel import leftout
from phi4hpc.parallel.leftout import Missing, about, announce, finite, left_out


class Ranks:
    """A communicator whose other ranks have said some lines already."""

    def __init__(self, *others):
        self.others = others

    def gather(self, lines):
        return [list(lines), *self.others]


@pytest.fixture
def said(monkeypatch):
    """Return the lines that rank 0 says; none are left from elsewhere."""
    lines = []
    leftout.lines.clear()
    monkeypatch.setattr(leftout.log, 'warning', lambda form, line: lines.append(form % line))
    return lines


def test_a_failure_is_said_once_with_what_it_costs_and_why(said):
    for _ in range(2):
        with left_out('L = 16: its curves'):
            raise ArithmeticError('free energies\ndo not converge')
    with left_out('L = 8: its peak'):
        raise Missing('it lies beyond the draws')
    announce(Ranks(['L = 4: its curves: left out: so']))
    assert said == ['L = 16: its curves: left out: ArithmeticError: free energies do not converge',
                    'L = 8: its peak: left out: it lies beyond the draws',
                    'L = 4: its curves: left out: so']
    announce(Ranks())
    assert len(said) == 3


@pytest.mark.parametrize('error', [UserError, OSError, MemoryError, KeyboardInterrupt])
def test_what_is_no_fault_of_the_data_ends_the_block_as_ever(said, error):
    with pytest.raises(error), left_out('all'):
        raise error
    assert leftout.lines == []


def test_numbers_that_are_not_finite_are_none_and_named(said):
    entry = {'hopping': {'value': 0.1, 'error': 0.2}, 'binder': {'value': math.nan, 'error': 1.0},
             'propagator': {'value': [1.0, math.inf], 'error': [0.1, 0.2]}, 'thin': [(0.1, 0.2)]}
    with about('L = 4'):
        found = finite(entry)
    assert found == entry | {'binder': None, 'propagator': {
        'value': [1.0, None], 'error': [0.1, 0.2]}}
    announce(Ranks())
    assert said == ['L = 4: binder, propagator: left out: not a finite number']
