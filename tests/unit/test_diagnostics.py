"""What a run says against itself: chains that disagree, few draws, rungs that are far apart."""

import math

import numpy as np
import pytest

from phi4hpc.sampling.ladder import Ladder
from phi4hpc.statistics.barrier import acceptance_error, flow, rungs_wanted, traffic, warnings
from phi4hpc.statistics.convergence import convergence, doubts, split_r_hat
from phi4hpc.statistics.gamma import mean


def test_r_hat_of_chains_that_agree_is_one():
    series = np.random.default_rng(1).normal(size=(4, 5000))
    assert split_r_hat(series) == pytest.approx(1.0, abs=0.002)


@pytest.mark.parametrize('fault', ['apart', 'drifting'])
def test_r_hat_tells_of_chains_that_disagree_with_each_other_or_themselves(fault):
    series = np.random.default_rng(2).normal(size=(2, 1000))
    series += np.array([[0.0], [1.0]]) if fault == 'apart' else np.linspace(0, 1, 1000)
    assert split_r_hat(series) > 1.05


def test_chains_that_do_not_move_are_doubted():
    """They have no R-hat, also where all of them stand at one and the same value."""
    for stuck in np.ones((2, 100)), np.array([[0.0], [1.0]]) * np.ones((2, 100)):
        found = convergence([stuck, np.random.default_rng(1).normal(size=(2, 100))], [0.5, 0.5])
        assert found == {'r_hat': None, 'effective_draws': None}
        assert doubts(found) == ['draws do not vary within chains']


def test_effective_draws_are_draws_over_twice_tau():
    noise, series = np.random.default_rng(3).normal(size=(2, 20_000)), np.zeros((2, 20_000))
    for n in range(1, 20_000):
        series[:, n] = 0.8 * series[:, n - 1] + noise[:, n]
    found = convergence([series], [mean(series).tau_int])
    assert found['effective_draws'] == pytest.approx(40_000 / 9, rel=0.15)


def test_doubts_are_said_in_words():
    assert doubts({'r_hat': 1.002, 'effective_draws': 1500.0}) == []
    assert len(doubts({'r_hat': 1.2, 'effective_draws': 30.0})) == 2


def test_rungs_wanted_make_half_of_the_swaps_succeed():
    """Acceptance is erfc(d s / 2), and erfc(0.4769...) is 50%: two more at three times d."""
    assert rungs_wanted(math.erfc(2.999 * 0.476936276), tries=10**6) == 2
    assert rungs_wanted(0.5, tries=100) == 0
    assert rungs_wanted(0.0, tries=100) == 4


def test_a_poor_pair_is_named_with_what_would_do():
    tried, swapped = np.full((2, 2), 500), np.array([[300, 4], [280, 6]])
    lines = list(warnings([0.24, 0.26, 0.3], tried, swapped.sum(0) / tried.sum(0)))
    assert lines == ['swaps between kappa = 0.26 and 0.3 are accepted in 1.0% of tries; '
                     '3 rungs more between them would make it about 50%']


def test_acceptance_has_an_error_even_where_every_swap_failed():
    error = acceptance_error(np.array([[50, 50], [50, 50]]), np.array([0.5, 0.0]))
    assert error == pytest.approx([0.05, np.sqrt(0.005 * 0.995 / 100)])


def walked(rungs, turns, acceptance_p):
    """Return a ladder of one chain after turns whose swaps succeed with chance `acceptance_p`."""
    ladder = Ladder(np.linspace(0.2, 0.3, rungs), chains=1, seed=1, L=8)
    # H of the rung below less that of the rung above.
    gain_p = np.log(acceptance_p) / (2 * np.diff(ladder.kappas))
    hopping_k = np.concatenate([[0.0], -np.cumsum(gain_p)])
    for turn in range(turns):
        ladder.turn(hopping_k[ladder.rung_r, None], turn)
    return ladder


def test_round_trips_follow_the_barrier():
    """Half of the swaps succeed, at random: the count agrees with 1 / (2 + 2 Lambda) a turn."""
    ladder = walked(7, 20_000, np.full(6, 0.5))
    found = traffic(ladder.tried_p(ladder.turns)[None], ladder.swapped_cp, ladder.trips_cr)
    assert found.barrier == pytest.approx(3.0, rel=0.03)
    assert found.round_trips == pytest.approx(found.expected_round_trips, rel=0.1)


def flows(acceptance_p):
    """Return the flow, and its error, after many turns."""
    ladder = walked(9, 40_000, acceptance_p)
    return flow({'flow_rising': ladder.rising_ck, 'flow_known': ladder.known_ck,
                 'round_trips': ladder.trips_cr})


def test_replicas_flow_evenly_where_all_pairs_accept_alike():
    part, error = flows(np.full(8, 0.5))
    assert (part[0], part[-1]) == (1, 0)
    assert abs(part + part[::-1] - 1).max() < 4 * error.max()
    # The ends turn every replica round, so the first and the last step are of another kind.
    steps = -np.diff(part)[1:-1]
    assert steps.max() < 1.2 * steps.min()


def test_flow_steps_down_at_a_bottleneck():
    acceptance = np.where(np.arange(8) == 5, 0.05, 0.5)
    assert np.diff(flows(acceptance)[0]).argmin() == 5


def test_of_a_replica_that_began_in_the_middle_a_way_down_is_no_round_trip():
    """All swaps succeed: of six replicas three go up first, and count once they are down."""
    K = 6
    ladder = walked(K, 2 * K, np.ones(K - 1))
    assert ladder.trips_cr.sum() <= 1
    assert (ladder.known_ck[0] >= K).all()
