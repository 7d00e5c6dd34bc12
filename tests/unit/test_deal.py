"""Replicas are dealt out so that the slowest rank is quickest, whatever they cost."""

from itertools import combinations

import numpy as np
import pytest

from phi4hpc.sampling.deal import cut, decided, load
from phi4hpc.sampling.team import teams
from phi4hpc.storage.layout import owners

FREE = np.zeros(2)


def test_equal_replicas_are_dealt_out_evenly():
    held = cut(np.array([[10]]), np.zeros(1), np.ones(1), 4)
    assert held.sum() == 10
    assert held.max() == 3


def test_a_lattice_of_four_times_the_sites_weighs_four_times():
    held = cut(np.array([[46, 46]]), FREE, np.array([1.0, 4.0]), 3)
    assert held.sum(1).tolist() == [46, 46]
    assert load(held, FREE, np.array([1.0, 4.0])).max() <= 230 / 3 + 4


def test_every_rank_has_a_replica_even_where_that_helps_nobody():
    held = cut(np.array([[6, 2]]), FREE, np.array([1.0, 100.0]), 8)
    assert (held.sum(0) == 1).all()


@pytest.mark.parametrize(('chains', 'ranks', 'size'), [
    (2, 2, 1), (6, 3, 1), (16, 64, 4), (4, 6, 3)])
def test_as_few_ranks_as_can_be_share_chains(chains, ranks, size):
    held = decided(np.full((chains, 2), 23), np.array([0.3, 0.3]), np.array([0.1, 0.37]), ranks)
    bounds = np.pad(np.cumsum(held, 1), ((0, 0), (1, 0)))
    assert bounds[:, -1].tolist() == [23 * chains] * 2
    found = teams(bounds, [owners(23 * chains, ranks)] * 2, 23)
    assert (np.unique(found, return_counts=True)[1] == size).all()


def test_lattices_stay_together_where_that_pays_more_than_whole_chains():
    """As on GPUs, which take no longer for many replicas than for a few."""
    held = decided(np.full((2, 2), 23), np.ones(2), np.full(2, 0.01), 2)
    assert held.tolist() == [[46, 0], [0, 46]]


def test_a_lattice_that_costs_much_to_begin_with_stays_together():
    held = cut(np.array([[8, 8]]), np.array([100.0, 100.0]), np.ones(2), 2)
    assert (held > 0).sum() == 2


@pytest.mark.parametrize('seed', range(20))
def test_no_other_cut_is_better(seed):
    """All cuts of a row of at most 16 replicas into 3 runs, tried out."""
    rng = np.random.default_rng(seed)
    totals, fixed, each = rng.integers(2, 5, (2, 2)), rng.random(2), rng.random(2) + 0.1
    row = np.repeat([0, 1, 0, 1], totals.ravel())                  # the lattice of each replica
    runs = [np.split(row, ends) for ends in combinations(range(1, len(row)), 2)]
    cuts = (np.array([np.bincount(run, minlength=2) for run in parts]).T for parts in runs)
    best = min(load(held, fixed, each).max() for held in cuts)
    assert load(cut(totals, fixed, each, 3), fixed, each).max() == pytest.approx(best, rel=1e-6)
