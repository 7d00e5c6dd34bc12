"""Two-lattice matching finds kappa_c where means of two lattices agree, with its error."""

import numpy as np
import pytest

from phi4hpc.flow.matching import Difference, matched, sharpest, zero

KAPPA_C, KAPPAS = 0.340301, [0.3363, 0.3391, 0.3403, 0.3415, 0.3443]


def mean(kappa, flow, operator='nearest'):
    """Return a mean as a scaling function of (kappa - kappa_c) times the flow, which is L / L'."""
    x = (kappa - KAPPA_C) * flow
    return {'nearest': 0.7 + np.tanh(3 * x) / 4 + x**2, 'phi4': 1.5 - np.tanh(2 * x)}[operator]


def means(kappas=KAPPAS, error=0.001, noise=None, operators=('nearest', 'phi4')):
    """Return a list `means` of L = 64 and 128, down to lattices of 16."""
    noise = noise or np.random.default_rng(3)
    return [{'blocks': 'majority', 'lambda': 1.0, 'kappa': kappa, 'start': start, 'level': level,
             'L': start // 2**level,
             'operators': {name: {'value': mean(kappa, 2**level, name) + error * noise.normal(),
                                  'error': error} for name in operators}}
            for start in (64, 128) for level in range((start // 16).bit_length())
            for kappa in kappas]


def test_the_zero_is_kappa_c_where_means_have_no_noise():
    found = matched(means(error=1e-9))
    assert {(e['L'], e['level'], e['operator']) for e in found} == {
        (128, level, operator) for level in (1, 2, 3) for operator in ('nearest', 'phi4')}
    for entry in found:
        assert entry['kappa']['value'] == pytest.approx(KAPPA_C, abs=2e-6)


def test_errors_cover_the_scatter_over_repetitions():
    noise, pulls = np.random.default_rng(5), []
    for _ in range(300):
        entry = matched(means(error=0.0002, noise=noise, operators=['nearest']))[-1]
        pulls.append((entry['kappa']['value'] - KAPPA_C) / entry['kappa']['error'])
    assert abs(np.mean(pulls)) < 4 / 300**0.5
    assert np.std(pulls) == pytest.approx(1, abs=4 / 600**0.5)


def test_two_rungs_give_a_straight_line_and_more_tell_how_far_it_can_be_trusted():
    line, parabola = (matched(means(kappas, 1e-9, operators=['phi4']))[-1]['kappa']
                      for kappas in (KAPPAS[1::2], KAPPAS))
    assert line['interpolation'] == 0
    assert line['value'] == pytest.approx(KAPPA_C, abs=1e-5)
    assert 0 < parabola['interpolation'] < 1e-5


def difference(kappas, values, errors):
    return Difference('majority', 128, 2, 'nearest', *map(np.array, (kappas, values, errors)))


def test_a_rung_at_kappa_c_itself_is_the_zero():
    found = zero(difference([0.1, 0.2, 0.3], [-0.02, 0.0, 0.03], [1e-4] * 3))
    assert found['value'] == pytest.approx(0.2)


def test_the_parabola_goes_through_the_nearest_rungs_and_its_error_is_theirs_together():
    """Of independent errors, each times how much it moves the zero; a fourth rung has no part."""
    kappas, errors = np.array([0.1, 0.2, 0.35, 0.7]), np.array([2e-4, 1e-4, 3e-4, 1e-4])
    values = np.array([*((kappas[:3] - 0.26) * (kappas[:3] + 1)), 5.0])
    found = zero(difference(kappas, values, errors))
    assert found['value'] == pytest.approx(0.26)
    moved = [zero(difference(kappas, values + 1e-7 * one, errors))['value'] for one in np.eye(4)]
    assert moved[3] == found['value']
    slopes = (np.array(moved) - found['value']) / 1e-7
    assert found['error'] == pytest.approx(np.hypot.reduce(slopes * errors), rel=1e-4)


@pytest.mark.parametrize(('kappas', 'values'), [
    ([-0.2, -0.1, 0, 10], [-3.0, -2.0, -1.0, 19.0]), ([0, 1, 2], [-1.0, 1.0, np.nan])],
    ids=['the next rungs lie on one side', 'the next rung has no mean'])
def test_where_no_parabola_goes_through_both_sides_the_zero_is_that_of_the_line(kappas, values):
    found = zero(difference(kappas, values, [0.01] * len(kappas)))
    assert found['value'] == pytest.approx(0.5)
    assert found['interpolation'] == pytest.approx(0, abs=1e-12)


def test_of_several_operators_the_sharpest_is_quoted_with_the_scatter_of_all():
    found = [{'blocks': 'majority', 'L': 128, 'level': level, 'operator': operator,
              'kappa': {'value': value, 'error': error}}
             for level, operator, value, error in ((1, 'nearest', 0.342, 0.002),
                                                   (1, 'phi4', 0.340, 0.001), (2, 'phi4', 0.34, 1))]
    first, second = sharpest(found)
    assert (first['operator'], first['operators']) == ('phi4', 2)
    assert first['scatter'] == pytest.approx(0.002 / 2**0.5)
    assert (second['level'], second['scatter']) == (2, None)


@pytest.mark.parametrize('poor', [
    means(error=0.3), means(KAPPAS[:1]), means(KAPPAS[:2], 1e-9),
    [entry for entry in means() if entry['start'] == 128],
    [{**entry, 'operators': {'phi2': {'value': 1.0, 'error': 0.0}, 'phi6': None}}
     for entry in means()],
], ids=['noise', 'one kappa', 'beyond the rungs', 'one lattice', 'the same at all kappas'])
def test_where_no_zero_is_resolved_there_is_none(poor):
    assert matched(poor) == []


def test_another_kappa_c_is_seen():
    """The points are held to a percent of the width of the transition: a shift of it shows."""
    shifted = [{**entry, 'kappa': entry['kappa'] + 0.0004} for entry in means(error=1e-9)]
    assert all(entry['kappa']['value'] > KAPPA_C + 0.0003 for entry in matched(shifted))
