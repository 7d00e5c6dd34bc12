"""Swaps, ladder, tuning and delivery: the rules, without a lattice."""

import numpy as np
import pytest

from phi4hpc.lattice.action import action, hopping
from phi4hpc.sampling import swap
from phi4hpc.sampling.algorithm import StepSize
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.start import first_fields
from phi4hpc.sampling.tuning import StepSizes
from tests.reference import log_uniforms


@pytest.mark.parametrize(('chains', 'rungs'), [(1, 1), (3, 2), (2, 5), (2, 6)])
def test_a_turn_does_what_the_rule_says_pair_by_pair(chains, rungs):
    count, rng = chains * rungs, np.random.default_rng(4)
    kappas = np.sort(np.random.default_rng(3).random(rungs))
    ladder = Ladder(kappas, chains, seed=6, L=8, columns=3)
    log_uniform = log_uniforms(range(600), chains, rungs, 6, 8)
    at, sums = np.arange(count).reshape(chains, rungs), np.zeros((2, rungs))
    swapped = 0 * at[:, 1:]
    for turn in range(600):
        reports = rng.normal(scale=3, size=(count, 3))
        for c in range(chains):
            sums += reports[at[c], 1:].T
            for low in range(turn % 2, rungs - 1, 2):
                pair, rungs_of_pair = at[c, low:low + 2], kappas[low:low + 2]
                odds = swap.log_acceptance(*rungs_of_pair, *reports[pair, 0])
                if log_uniform[turn, c, low] < odds:
                    at[c, low:low + 2] = pair[::-1]
                    swapped[c, low] += 1
        ladder.turn(reports, turn)
        assert ladder.replica_ck.tolist() == at.tolist()
        assert ladder.rung_r[at].tolist() == [list(range(rungs))] * chains
    assert ladder.swapped_cp.tolist() == swapped.tolist()
    assert (swapped.sum() > 100) == (rungs > 1)
    np.testing.assert_allclose(ladder.sums_nk, sums)


def test_pairs_meet_every_other_turn():
    ladder = Ladder(np.linspace(0.2, 0.2 + 1e-12, 5), chains=2, seed=1, L=8)
    for turn in range(3):
        ladder.turn(np.zeros((10, 1)), turn)
    assert ladder.tried_p(ladder.turns).tolist() == [2, 1, 2, 1]
    assert ladder.swapped_cp.tolist() == [[2, 1, 2, 1]] * 2


def test_acceptance_is_the_ratio_of_the_joint_weights():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 6, 6))
    low, high, lam = 0.25, 0.27, 0.02
    before = action(a, low, lam) + action(b, high, lam)
    after = action(b, low, lam) + action(a, high, lam)
    found = swap.log_acceptance(low, high, hopping(a), hopping(b))
    assert found == pytest.approx(before - after, rel=1e-12)


def test_decisions_happen_as_often_as_the_acceptance_says():
    turns, chains, kappas = range(4000), 3, np.array([0.24, 0.25, 0.26, 0.27])
    hopping_k = np.array([10.0, 40.0, 50.0, 52.0])
    ladder = Ladder(kappas, chains, seed=5, L=16)
    for turn in turns:
        ladder.turn(hopping_k[ladder.rung_r, None], turn)              # whoever is there
    expected = np.exp(swap.log_acceptance(kappas[:-1], kappas[1:], hopping_k[:-1], hopping_k[1:]))
    tries = chains * ladder.tried_p(ladder.turns)
    error = np.sqrt(expected * (1 - expected) / tries)
    assert (tries == chains * len(turns) / 2).all()
    assert (abs(ladder.swapped_cp.sum(0) / tries - expected) < 4 * error).all()


def test_replicas_stay_a_permutation_and_rungs_are_found_again():
    ladder, rng = Ladder(np.linspace(0.24, 0.3, 7), chains=2, seed=1, L=8), np.random.default_rng(3)
    for turn in range(200):
        ladder.turn(rng.normal(scale=30, size=(14, 1)), turn)
        assert sorted(ladder.replica_ck.ravel()) == list(range(14))
        assert set(ladder.replica_ck[0]) == set(range(7))                  # chains never mix
        assert all(ladder.replica_ck[r // 7, rung] == r for r, rung in enumerate(ladder.rung_r))


def test_a_round_trip_is_from_bottom_to_top_and_back():
    """With swaps that are always accepted, replicas travel ballistically: once around a ladder of
    K in 2 K turns."""
    K = 6
    ladder = Ladder(np.linspace(0.2, 0.2 + 1e-12, K), chains=1, seed=1, L=8)
    for turn in range(20 * K):
        ladder.turn(np.zeros((K, 1)), turn)
    assert ladder.swapped_cp.tolist() == [ladder.tried_p(ladder.turns).tolist()]
    assert abs(ladder.trips_cr - 9).max() <= 1


def test_step_sizes_find_the_acceptance_wanted():
    tuned = StepSize(first=1.5, acceptance=0.6, proposals=1000, largest=4.0)
    sizes = StepSizes(rungs=3, tuned=tuned, proposals=1000)
    for window in range(80):
        seen = 1 / (1 + sizes.size_k / np.array([1.0, 3.0, 9.0]))       # of long steps, fewer
        sizes.tried = 1000
        sizes.adapt(window, np.round(seen * 1000))
    np.testing.assert_allclose(sizes.size_k, [2 / 3, 2, 4], rtol=0.01)


def test_frozen_step_sizes_have_little_noise_of_the_counts():
    """Two chains make 20 trajectories a window, whose acceptance is known to 9%; the step is to be
    known to 7%."""
    rng, ends = np.random.default_rng(2), []
    for _ in range(200):
        sizes = StepSizes(rungs=1, tuned=StepSize(1.0, acceptance=0.8, proposals=1), proposals=1)
        for window in range(80):
            acceptance = np.exp(-0.223 * sizes.size_k[0] ** 3)             # 0.8 at a step of 1
            sizes.tried = 20
            sizes.adapt(window, rng.binomial(20, acceptance, 1))
        ends.append(sizes.size_k[0])
    assert np.std(ends) < 0.07
    assert np.mean(ends) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(('kind', 'hot'), [
    ('hot', [True, True]), ('cold', [False, False]), ('mixed', [True, False])])
def test_first_fields_are_normal_or_one_by_chain(kind, hot):
    phi = first_fields(kind, L=32, rungs=4, replicas=range(8), seed=1)
    for chain, is_hot in enumerate(hot):
        part = phi[4 * chain:4 * chain + 4]
        assert part.std() == pytest.approx(1.0 if is_hot else 0.0, abs=0.05)
        assert part.mean() == pytest.approx(0.0 if is_hot else 1.0, abs=0.1)


def test_first_fields_follow_the_replica_not_the_rank():
    assert (first_fields('hot', 8, 4, range(8), 1)[5] == first_fields('hot', 8, 4, [5], 1)[0]).all()
