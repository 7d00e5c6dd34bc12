"""How fast a training learns: warm-up, a plateau, a fall to zero; and whether it has converged."""

import pytest

from phi4hpc.blockspin.pace import Pace


def course(objectives, epochs=50, patience=5, steps=10):
    """Return the Pace at the end, and the factor of every step; each epoch has its objective."""
    pace, factors, epoch = Pace(epochs, patience, steps), [], 0
    pace.heed(0, objectives[:1])
    while not pace.over(epoch):
        factors += [pace.factor(epoch, step) for step in range(steps)]
        epoch += 1
        seen = objectives[:epoch + 1]
        pace.heed(epoch, [*seen, *[objectives[-1]] * (epoch + 1 - len(seen))])
    return pace, factors


def test_a_rate_rises_stays_and_falls_to_zero():
    _, factors = course([1.0, 0.8, 0.7, 0.65, 0.6, 0.6], epochs=1000)
    assert 0 < factors[0] < 0.1
    assert max(factors) == 1.0
    top = factors.index(1.0)
    assert factors[:top + 1] == sorted(factors[:top + 1])
    falling = factors[len(factors) - factors[::-1].index(1.0) - 1:]
    assert falling == sorted(falling, reverse=True)
    assert falling[-1] < 0.01 * falling[0]


def test_short_trainings_warm_up_in_a_twentieth_of_their_steps():
    assert [Pace(epochs, 5, 10).warm for epochs in (50, 100, 1000)] == [26, 51, 100]


def test_a_plateau_ends_the_training_a_fifth_later():
    gains = [1 / (1 + epoch) for epoch in range(33)]
    pace, factors = course(gains, epochs=1000, patience=8)
    assert pace.converged
    assert (pace.falls, pace.last) == (40, 50)
    assert len(factors) == 500


def test_a_shake_at_the_start_is_no_plateau():
    """Training that starts at an optimum first spoils it, then gains for long."""
    shaken = [1.0, *(1.1 * 0.995**epoch for epoch in range(60)), *[0.8] * 60]
    pace, _ = course(shaken, epochs=1000, patience=10)
    assert pace.converged
    assert pace.falls > 70


def test_without_a_plateau_the_cap_ends_it_and_it_has_not_converged():
    pace, factors = course([0.9**epoch for epoch in range(51)])
    assert not pace.converged
    assert (pace.falls, pace.last) == (40, 50)
    assert factors[-1] < 0.01


def test_a_gain_of_less_than_a_ten_thousandth_is_none():
    pace, _ = course([1 - 1e-6 * epoch for epoch in range(51)])
    assert pace.converged


@pytest.mark.parametrize(('epochs', 'enough'), [(13, False), (14, True)])
def test_the_least_cap_under_which_a_flat_course_is_seen_to_converge(epochs, enough):
    pace, _ = course([1.0] * 51, epochs=epochs, patience=5, steps=100)
    assert pace.converged == enough == (pace.judged <= pace.cap)
    assert not enough or pace.last == pace.soonest


@pytest.mark.parametrize('epochs', [1, 2, 3])
def test_the_shortest_trainings_end_at_their_cap(epochs):
    pace, factors = course([1.0, 0.5, 0.2, 0.1], epochs=epochs)
    assert pace.last == epochs
    assert len(factors) == 10 * epochs


def test_a_training_that_blows_up_goes_back_and_learns_at_half_the_rate():
    """What follows a loss of all that was gained is no plateau, though nothing beats the best."""
    gains = [1.0 - 0.01 * epoch for epoch in range(30)]
    pace, factors = course([*gains, 1.2, *[0.72] * 4, *[0.7] * 20], epochs=1000)
    assert pace.returns == [30]
    assert factors[:300] == course(gains, epochs=1000)[1][:300]
    assert factors[300] < 0.1 * factors[299]                        # a new warm-up
    assert max(factors[300:]) == 0.5
    assert pace.converged
    assert pace.falls >= 30 + 2 * 5


def test_what_never_did_better_than_its_start_has_nothing_to_go_back_to():
    pace, _ = course([1.0, *[2.0] * 50])
    assert pace.returns == []
    assert pace.converged


def test_a_training_may_blow_up_while_its_rate_falls():
    gains = [0.9**epoch for epoch in range(42)]
    pace, factors = course([*gains, 1.0, *[0.01] * 8])
    _, others = course([*gains, *[0.01] * 9])
    assert (pace.returns, pace.falls, pace.last) == ([42], 40, 50)
    assert factors[-1] == 0.5 * others[-1]
