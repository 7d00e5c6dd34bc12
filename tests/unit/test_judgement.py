"""Exponents are read by a rule that was fixed beforehand, and block spins are judged by it."""

import math
from itertools import pairwise
from statistics import stdev

import pytest

from phi4hpc.flow.judgement import best, judged
from phi4hpc.flow.kinds import without_seed
from tests.made_up import flow

MODEL = 'learned:L032_k0.27_convolutional_d256_block2'


def entry(blocks, step, y_t, error=0.01, start=128, even=7, y_h=None, **parts):
    own = {'blocks': blocks, 'kappa': 0.34, 'start': start, 'step': step,
           'L': start // 2 ** (step - 1), 'even': even, 'odd': 4, 'y_h': y_h and {
               'value': y_h, 'error': 0.001, 'truncation': None, 'lattice': None}}
    return {**own, 'y_t': {'value': y_t, 'error': error, 'truncation': None, 'lattice': None,
                           **parts}}


def stepwise(values, of_change, error=0.01, blocks='majority'):
    """Return entries of steps whose changes have errors of their own."""
    changes = [{'value': other - one, 'error': of_change} for one, other in pairwise(values)]
    return [entry(blocks, step, y_t, error, change=change)
            for step, (y_t, change) in enumerate(zip(values, [*changes, None], strict=True), 1)]


def judge(*values, error=0.01, blocks='majority'):
    one, = judged([entry(blocks, step, y_t, error) for step, y_t in enumerate(values, 1)], 0.34)
    return one


@pytest.mark.parametrize(('values', 'settled', 'read'), [
    ([0.9, 0.95, 1.0, 1.0], 3, 3), ([1.0, 1.0, 1.0], 1, 1), ([0.9, 0.95, 1.0], None, 3),
    ([1.0], None, 1), ([0.9, 0.927, 1.0], 1, 1)])
def test_it_is_read_at_the_first_step_that_agrees_with_the_next_or_else_the_last(values, settled,
                                                                                 read):
    assert judge(*values).settled == settled
    assert judge(*values).read('y_t').step == read


def test_both_exponents_have_to_have_settled():
    entries = [entry('majority', step, y_t, y_h=y_h) for step, (y_t, y_h) in enumerate(
        [(1.0, 1.80), (1.0, 1.85), (1.005, 1.872), (1.01, 1.874)], 1)]
    one, = judged(entries, 0.34)
    assert one.settled == 3
    assert (one.read('y_t').value, one.read('y_h').value) == (1.005, 1.872)
    one, = judged(entries[:3], 0.34)
    assert one.settled is None


def test_a_step_at_which_one_exponent_is_not_known_is_not_one_to_read():
    one, = judged([entry('majority', 1, 1.0), *(entry('majority', step, 1.0, y_h=1.875)
                                                for step in (2, 3))], 0.34)
    assert one.settled == 2


@pytest.mark.parametrize(('of_change', 'settled'), [
    (1e-4, None), (0.01, 2), (math.hypot(0.01, 0.01), 2), (0.02, 1)],
    ids=['the draws move both alike', 'in part', 'not at all', 'against each other'])
def test_neighbours_agree_by_the_error_of_their_difference(of_change, settled):
    one, = judged(stepwise([0.97, 1.0, 1.01], of_change), 0.34)
    assert one.settled == settled
    assert judge(0.97, 1.0, 1.01).settled == 2        # of an older version, without such errors


def test_the_spread_of_the_difference_over_seeds_decides_too():
    """Trainings that are apart by a constant agree on how much the next step has more."""
    alike = [[0.95, 0.98, 0.985], [1.0, 1.03, 1.035], [1.05, 1.08, 1.085]]
    apart = [[0.95, 0.945, 0.985], [1.0, 1.03, 1.035], [1.05, 1.10, 1.085]]
    for values, settled in (alike, 2), (apart, 1):
        one, = judged([each for seed, own in enumerate(values, 1) for each in stepwise(
            own, 0.004, blocks=f'{MODEL}_s{seed}' if seed > 1 else MODEL)], 0.34)
        assert one.settled == settled


def test_what_is_not_resolved_chooses_nothing():
    assert judge(0.5, 1.0, 1.5, error=0.4).read('y_t') is None
    assert judge(0.5, 1.0, 1.5, error=0.4).arrived is None


@pytest.mark.parametrize(('values', 'step'), [
    ([0.9, 1.0, 1.01], 2), ([0.93, 1.0, 1.2], None), ([1.0, 0.97, 1.03], 1), ([0.981], 1),
    ([0.979], None), ([1.0, 0.9, 1.0], 3)])
def test_a_block_spin_arrives_where_it_is_right_and_stays_so(values, step):
    arrived = judge(*values).arrived
    assert (arrived and arrived.step) == step


def test_steps_on_lattices_that_operators_wrap_around_take_no_part():
    values = [0.9, 0.95, 0.985, 0.99, 1.0, 3.0]
    assert judge(*values).arrived.step == 3           # the sixth step starts from 4 x 4 sites
    agreeing = judge(0.8, 0.85, 0.9, 0.95, 1.0, 1.0)
    assert agreeing.settled is None
    assert agreeing.read('y_t').step == 5


def test_seeds_are_one_kind_with_their_mean_and_spread():
    values = [0.98, 1.0, 1.03]
    names = [MODEL, f'{MODEL}_s2', f'{MODEL}_s3']
    one, = judged([entry(name, 1, value) for name, value in zip(names, values, strict=True)], 0.34)
    assert one.blocks == MODEL
    found, = one.y_t
    assert found.value == pytest.approx(sum(values) / 3)
    assert found.spread == pytest.approx(stdev(values))
    assert found.error == pytest.approx(0.01)         # seeds share the draws: no less noise
    assert found.joint == pytest.approx(math.hypot(0.01, stdev(values) / 3**0.5))
    assert without_seed(f'{MODEL}_s12_signs') == f'{MODEL}_signs'
    assert without_seed('user_s2') == 'user_s2'


def test_the_most_operators_and_the_largest_lattice_are_taken():
    one, = judged([entry('zone', 1, 0.5, even=3), entry('zone', 1, 1.0, truncation=-0.03),
                   entry('zone', 1, 0.7, start=64),
                   {**entry('zone', 1, 0.2, even=9, start=256), 'kappa': 0.35}], 0.34)
    found, = one.y_t
    assert (found.value, found.operators, found.L, found.truncation) == (1.0, 7, 128, 0.03)


@pytest.mark.parametrize(('error', 'equals'), [
    (0.001, ['fine']), (0.02, ['fine', 'rough']), (None, ['fine'])])
def test_the_best_has_the_fewest_steps_and_of_equals_a_truncation_that_is_clearly_less(error,
                                                                                       equals):
    found = judged([
        entry('never', 1, 0.8), entry('late', 1, 0.9), entry('late', 2, 1.0, truncation=0.001),
        entry('rough', 1, 1.0, truncation=0.05, truncation_error=error),
        entry('fine', 1, 0.99, truncation=0.01, truncation_error=error)], 0.34)
    assert [one.blocks for one in found] == ['fine', 'rough', 'late', 'never']
    assert [one.blocks for one in best(found)] == equals
    assert best(judged([entry('never', 1, 0.8)], 0.34)) == []


def test_what_has_no_truncation_stands_behind_its_equals():
    found = judged([entry('unknown', 1, 1.0), entry('rough', 1, 1.0, truncation=0.05)], 0.34)
    assert [one.blocks for one in found] == ['rough', 'unknown']


def test_trials_at_lambda_1_are_judged_as_one_would():
    kappas = [0.33, 0.340301, 0.35]
    found = {one.blocks: one for one in judged(flow(1.0, kappas)['exponents'], kappas[1])}
    assert [*found][0] == 'majority'
    assert found['majority'].settled == 4
    assert found['majority'].read('y_h').value == pytest.approx(1.875, rel=0.005)
    assert found['kadanoff'].arrived is None          # it settles, but not where it should
    assert found['kadanoff'].settled == 3
