"""Replicas are dealt out so that the slowest rank is quickest, whatever they cost."""

from itertools import product

import numpy as np
import pytest

from phi4hpc.sampling.deal import cut, load

FREE = np.zeros(2)


def test_equal_replicas_are_dealt_out_evenly():
    held = cut(np.array([10]), np.zeros(1), np.ones(1), 4)
    assert held.sum() == 10
    assert held.max() == 3


def test_a_lattice_of_four_times_the_sites_weighs_four_times():
    held = cut(np.array([46, 46]), FREE, np.array([1.0, 4.0]), 3)
    assert held.sum(1).tolist() == [46, 46]
    assert load(held, FREE, np.array([1.0, 4.0])).max() <= 230 / 3 + 4


def test_every_rank_has_a_replica_even_where_that_helps_nobody():
    held = cut(np.array([6, 2]), FREE, np.array([1.0, 100.0]), 8)
    assert (held.sum(0) == 1).all()


def test_a_lattice_that_costs_much_to_begin_with_stays_together():
    held = cut(np.array([8, 8]), np.array([100.0, 100.0]), np.ones(2), 2)
    assert (held > 0).sum() == 2


@pytest.mark.parametrize('seed', range(20))
def test_no_other_cut_is_better(seed):
    """All cuts of a row of at most 8 replicas into 3 runs, tried out."""
    rng = np.random.default_rng(seed)
    totals, fixed, each = rng.integers(2, 5, 2), rng.random(2), rng.random(2) + 0.1
    ends = [np.array(e) for e in product(range(totals.sum() + 1), repeat=2) if 0 < e[0] < e[1] < totals.sum()]
    bounds = [np.array([0, *e, totals.sum()]) for e in ends]
    runs = [np.stack([np.diff(np.clip(b, 0, totals[0])), np.diff(np.clip(b - totals[0], 0, None))]) for b in bounds]
    best = min(load(run, fixed, each).max() for run in runs)
    assert load(cut(totals, fixed, each, 3), fixed, each).max() == pytest.approx(best, rel=1e-6)
