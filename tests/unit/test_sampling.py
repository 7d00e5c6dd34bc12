"""Swaps, ladder, tuning and delivery: the rules, without a lattice."""

import numpy as np
import pytest

from phi4hpc.lattice.action import action, hopping
from phi4hpc.sampling import swap
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.start import first_fields
from phi4hpc.sampling.tuning import StepSizes


def test_pairs_take_turns_and_cover_all_neighbours():
    even, odd = swap.meetings(chains=2, rungs=5)
    assert (even.rung_low_m.tolist(), even.rung_high_m.tolist()) == ([0, 2, 0, 2], [1, 3, 1, 3])
    assert (odd.rung_low_m.tolist(), odd.rung_high_m.tolist()) == ([1, 3, 1, 3], [2, 4, 2, 4])
    assert (even.low_m.tolist(), even.high_m.tolist()) == ([0, 2, 5, 7], [1, 3, 6, 8])
    assert even.pair_m.tolist() == [0, 2, 4, 6]
    assert [meeting.low_m.size for meeting in swap.meetings(chains=3, rungs=2)] == [3, 0]


def test_acceptance_is_the_ratio_of_the_joint_weights():
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 6, 6))
    low, high, lam = 0.25, 0.27, 0.02
    before = action(a, low, lam) + action(b, high, lam)
    after = action(b, low, lam) + action(a, high, lam)
    found = swap.log_acceptance(low, high, hopping(a), hopping(b))
    assert found == pytest.approx(before - after, rel=1e-12)


def test_decisions_happen_as_often_as_the_acceptance_says():
    turns, chains, rungs = np.arange(0, 4000, 2), 3, 4
    kappas, hopping_ck = np.array([0.24, 0.25, 0.26, 0.27]), np.tile([10.0, 40.0, 50.0, 52.0], (chains, 1))
    uniforms = swap.log_uniforms(turns, chains, rungs, seed=5, L=16)
    even, _ = swap.meetings(chains, rungs)
    decisions = np.reshape([swap.decide(kappas, hopping_ck, even, u) for u in uniforms], (-1, 2))
    taken, (low, high) = decisions.mean(0), ([0, 2], [1, 3])
    expected = np.exp(swap.log_acceptance(kappas[low], kappas[high], hopping_ck[0, low], hopping_ck[0, high]))
    error = np.sqrt(expected * (1 - expected) / (len(turns) * chains))
    assert (abs(taken - expected) < 4 * error).all()


def test_replicas_stay_a_permutation_and_rungs_are_found_again():
    ladder, rng = Ladder(np.linspace(0.24, 0.3, 7), chains=2, seed=1, L=8), np.random.default_rng(3)
    for turn in range(200):
        ladder.exchange(rng.normal(scale=30, size=14), turn)
        assert sorted(ladder.replica_ck.ravel()) == list(range(14))
        assert set(ladder.replica_ck[0]) == set(range(7))                  # chains never mix
        rungs = ladder.rung_of(np.arange(14))
        assert all(ladder.replica_ck[r // 7, rung] == r for r, rung in enumerate(rungs))


def test_a_round_trip_is_from_bottom_to_top_and_back():
    """With swaps that are always accepted, replicas travel ballistically: once around a ladder of K in 2 K turns."""
    K = 6
    ladder = Ladder(np.linspace(0.2, 0.2 + 1e-12, K), chains=1, seed=1, L=8)
    for turn in range(20 * K):
        ladder.exchange(np.zeros(K), turn)
    assert ladder.swapped_cp.tolist() == ladder.tried_cp.tolist()
    assert abs(ladder.trips_cr - 9).max() <= 1


def test_step_sizes_find_the_acceptance_wanted():
    sizes = StepSizes(rungs=3, acceptance=0.6, first=1.5, largest=4.0)
    for window in range(80):
        seen = 1 / (1 + sizes.size_k / np.array([1.0, 3.0, 9.0]))          # longer steps, fewer accepted
        sizes.count(np.array([0, 1, 2]), np.round(seen * 1000), 1000)
        sizes.adapt(window)
    np.testing.assert_allclose(sizes.size_k, [2 / 3, 2, 4], rtol=0.01)


def test_frozen_step_sizes_have_little_noise_of_the_counts():
    """Two chains make 20 trajectories a window, whose acceptance is known to 9%; the step is to be known to 7%."""
    rng, ends = np.random.default_rng(2), []
    for _ in range(200):
        sizes = StepSizes(rungs=1, acceptance=0.8, first=1.0)
        for window in range(80):
            acceptance = np.exp(-0.223 * sizes.size_k[0] ** 3)             # 0.8 at a step of 1
            sizes.count(np.array([0, 0]), rng.binomial(10, acceptance, 2), 10)
            sizes.adapt(window)
        ends.append(sizes.size_k[0])
    assert np.std(ends) < 0.07
    assert np.mean(ends) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(('kind', 'hot'), [('hot', [True, True]), ('cold', [False, False]), ('mixed', [True, False])])
def test_first_fields_are_normal_or_one_by_chain(kind, hot):
    phi = first_fields(kind, L=32, rungs=4, replicas=range(8), seed=1)
    for chain, is_hot in enumerate(hot):
        part = phi[4 * chain:4 * chain + 4]
        assert part.std() == pytest.approx(1.0 if is_hot else 0.0, abs=0.05)
        assert part.mean() == pytest.approx(0.0 if is_hot else 1.0, abs=0.1)


def test_first_fields_follow_the_replica_not_the_rank():
    assert (first_fields('hot', 8, 4, range(8), 1)[5] == first_fields('hot', 8, 4, [5], 1)[0]).all()
