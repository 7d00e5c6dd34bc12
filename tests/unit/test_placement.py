"""Rungs go where all pairs reject alike; pinned ones stay."""

import numpy as np
import pytest

from phi4hpc.deck.schema import Ladder
from phi4hpc.sampling.placement import first, moved, moves, shares

LOW, HIGH, CENTRE, WIDTH = 0.24, 0.3, 0.2695, 0.004


def barrier(kappa):
    """Return Lambda(kappa), 4 in all, whose density has a peak at CENTRE over a floor."""
    return (kappa - LOW) / (HIGH - LOW) + 1.5 * (1 + np.tanh((kappa - CENTRE) / WIDTH))


def counts(kappas, tries=10**6):
    """Return (tried_cp, swapped_cp) of one chain at these rungs; a pair cannot reject more than
    always."""
    rejection = 1 - np.exp(-np.diff(barrier(np.asarray(kappas))))
    tried = np.full((1, len(rejection)), tries)
    return tried, np.round(tries * (1 - rejection[None])).astype(int)


def tuned(pinned, rungs, rounds=8):
    """Return the rungs after some rounds."""
    ladder = Ladder.model_validate({'tuned': {'lowest': LOW, 'highest': HIGH, 'rungs': rungs,
                                              'pinned': pinned}})
    kappas = np.array(first(ladder))
    for _ in range(rounds):
        kappas = moved(kappas, *counts(kappas), ladder.pinned)
    return kappas


def test_all_pairs_reject_alike():
    swapped = counts(tuned([], 15))[1]
    assert swapped.max() - swapped.min() < 0.01 * 10**6
    before = counts(np.linspace(LOW, HIGH, 15))[1]
    assert before.max() - before.min() > 0.5 * 10**6


@pytest.mark.parametrize('pinned', [[0.269], [0.25, 0.269, 0.2695]])
def test_pinned_rungs_stay_and_the_rest_is_level_between_them(pinned):
    kappas = tuned(pinned, 25)
    kept = [LOW, *pinned, HIGH]
    assert set(kept) <= set(kappas.tolist())
    assert (np.diff(kappas) > 0).all()
    rejected = np.diff(barrier(kappas))
    for low, high in zip(kept, kept[1:], strict=False):
        inside = rejected[(kappas[:-1] >= low) & (kappas[1:] <= high)]
        assert inside.max() < 1.05 * inside.min()


def test_rungs_are_shared_out_so_that_the_worst_pair_is_best():
    assert shares(np.array([3.0, 1.0]), 8).tolist() == [6, 2]
    assert shares(np.array([1e-9, 1.0, 1.0]), 5).tolist() == [1, 2, 2]


def test_rungs_stay_in_order_where_next_to_nothing_is_known():
    """No swap accepted, none rejected, none tried: monotone, within the ends, and no two alike."""
    kappas, tried = np.linspace(LOW, HIGH, 7), np.array([[10, 10, 10, 0, 0, 10]])
    for swapped in (0 * tried, tried, np.array([[0, 10, 5, 0, 0, 1]])):
        found = moved(kappas, tried, swapped, [LOW, HIGH])
        assert (np.diff(found) > 0).all()
        assert (found[0], found[-1]) == (LOW, HIGH)


def test_a_fixed_ladder_is_pinned_whole():
    assert first(Ladder(kappas=[0.2, 0.21, 0.3])) == (0.2, 0.21, 0.3)
    assert first(Ladder(kappas=[0.2])) == (0.2,)


def test_the_first_rungs_are_spread_evenly_between_the_pinned():
    ladder = Ladder.model_validate({'tuned': {'lowest': 0.2, 'highest': 0.3, 'rungs': 6,
                                              'pinned': [0.24]}})
    np.testing.assert_allclose(first(ladder), [0.2, 0.22, 0.24, 0.26, 0.28, 0.3], atol=1e-8)


def test_rounds_double_in_length_and_leave_half_of_thermalisation_to_the_rungs_found():
    assert sorted(moves(1000)) == [31, 62, 125, 250, 500]
    assert moves(20) == frozenset()
