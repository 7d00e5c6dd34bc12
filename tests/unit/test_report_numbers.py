"""Values are written as physicists write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.report.numbers import listed, ranges, value_error, written


@pytest.mark.parametrize(('value', 'error', 'expected'), [
    (0.269553, 0.000031, '0.269553(31)'),
    (0.269553, 0.00003, '0.269553(30)'),
    (12.345, 1.42, '12.3(1.4)'),
    (12.345, 0.996, '12.3(1.0)'),
    (12.345, 0.95, '12.35(95)'),
    (-0.0548, 0.067, '-0.055(67)'),
    (4938.7, 14.4, '4939(14)'),
    (4938.7, 231.0, '4940(230)'),
    (3.2e-5, 1.1e-6, '0.0000320(11)'),
])
def test_error_has_two_digits_and_value_ends_where_it_does(value, error, expected):
    assert value_error(value, error) == expected


def test_one_digit_where_asked_for():
    assert value_error(0.269553, 0.00003, digits=1) == '0.26955(3)'


@pytest.mark.parametrize('error', [0.0, 2e-16, float('nan'), float('inf')])
def test_without_an_error_no_error_is_claimed(error):
    assert value_error(1.23456789, error) == '1.23457'


@settings(deadline=None)
@given(value=st.floats(-1e6, 1e6), error=st.floats(1e-5, 1e5))
def test_what_is_written_reads_back_to_a_twentieth_of_the_error(value, error):
    shown, _, rest = value_error(value, error).partition('(')
    digits = rest.rstrip(')')
    unit = 1.0 if '.' in digits or '.' not in shown else 10.0 ** -len(shown.partition('.')[2])
    assert float(digits) * unit == pytest.approx(error, rel=0.051)
    assert float(shown) == pytest.approx(value, abs=0.051 * error + 1e-15 * abs(value))


def test_lists_read_as_language():
    said = [listed(sizes) for sizes in ([16], [16, 32], [16, 32, 64])]
    assert said == ['16', '16 and 32', '16, 32 and 64']


def test_numbers_in_a_row_are_said_by_their_ends():
    said = [ranges(numbers) for numbers in ([2], [2, 3, 4], [1, 3, 5, 6, 7])]
    assert said == ['2', '2 to 4', '1, 3 and 5 to 7']


def test_what_is_not_defined_is_a_dash():
    assert written(None) == '–'
    assert written({'value': 1.0, 'error': 0.1}) == '1.00(10)'
