"""Which draws train, validate and test, who reads them, and which make up a batch."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpi4py import MPI

from phi4hpc.blockspin import batches, shards
from phi4hpc.deck.parts import length, split
from phi4hpc.errors import UserError
from phi4hpc.lattice import modes
from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.stages.train import fit
from tests.autoencoders import model
from tests.stopping import StopAtAsking

SIZES = st.integers(1, 8)


class Ensemble:
    """A stored phi (kappa, chain, draw, y, x) that notes what is read; sites hold 1000 * chain +
    draw.
    """

    def __init__(self, chains, draws):
        self.shape, self.dtype = (3, chains, draws, 2, 2), np.dtype('f4')
        self.read = []

    def __getitem__(self, key):
        k, chain, draws = key
        assert k == 1
        numbers = np.arange(self.shape[2])[draws] + 1000 * chain
        self.read += np.atleast_1d(numbers).tolist()
        return np.broadcast_to(numbers[..., None, None], (*numbers.shape, 2, 2))


@settings(deadline=None)
@given(st.integers(20, 500), st.floats(0.01, 0.5))
def test_gaps_separate_training_validation_and_test(draws, part):
    train, valid, test = split(draws, part)
    assert train.start == 0
    assert train.stop > 0
    assert train.stop + max(1, 0.02 * draws) <= valid.start
    assert valid.stop + max(1, 0.02 * draws) <= test.start
    assert test.stop == draws
    assert length(valid) == length(test)
    assert abs(2 * length(test) - part * draws) <= 1


@settings(deadline=None)
@given(chains=st.integers(1, 4), draws=st.integers(3, 40), batch=st.integers(8, 50), size=SIZES)
def test_ranks_read_every_training_draw_once_and_nothing_else(chains, draws, batch, size):
    train = split(max(draws, 8), 0.2)[0]
    ensemble = Ensemble(chains, max(draws, 8))
    total = chains * train.stop
    if min(batch, total) < size:
        with pytest.raises(UserError, match=r'train\.batch'):
            shards.strata(total, batch, size, 0)
        return
    owned = [shards.strata(total, batch, size, rank) for rank in range(size)]
    pieces = [shards.read_train(ensemble, 1, train, strata) for strata in owned]
    phi_nyx = np.concatenate(pieces)
    expected = [1000 * c + i for c in range(chains) for i in range(train.stop)]
    assert ensemble.read == expected
    assert phi_nyx[:, 0, 0].tolist() == expected


@settings(deadline=None)
@given(chains=st.integers(1, 4), size=SIZES)
def test_ranks_read_every_held_out_draw_once_and_shares_are_equal(chains, size):
    test = split(80, 0.4)[2]
    ensemble = Ensemble(chains, 80)
    pieces = [shards.read_share(ensemble, 1, test, size, rank) for rank in range(size)]
    assert ensemble.read == [1000 * c + i for c in range(chains) for i in range(64, 80)]
    assert max(map(len, pieces)) - min(map(len, pieces)) <= 1


@pytest.mark.parametrize(('asking', 'read'), [(1, 0), (4, 30), (25, 192)],
                         ids=['at once', 'reading', 'propagator'])
def test_a_stop_is_heard_while_draws_are_read_and_measured(monkeypatch, asking, read):
    monkeypatch.setattr(runcontrol, 'APART', 0.0)                   # asked before every piece
    for module in (shards, modes):
        monkeypatch.setattr(module, 'CHUNK', 40)                            # ten draws
    ensemble = Ensemble(2, 100)
    lattice = SimpleNamespace(draws=100, chains=2, phi=ensemble, rung=lambda kappa: 1)
    context = SimpleNamespace(comm=MPI.COMM_SELF, control=StopAtAsking(asking),
                              deck=SimpleNamespace(train=SimpleNamespace(held_out=0.2, batch=8)))
    with pytest.raises(Stopped, match='stopped before L002_k0.24_fourier_d1; '):
        fit(context, model('fourier', 1, 2), lattice, 'cpu', aloud=False)
    expected = [1000 * c + i for part in split(100, 0.2) for c in (0, 1)
                for i in range(part.start, part.stop)]
    assert ensemble.read == expected[:read]


def test_more_ranks_than_draws_held_out_is_an_error():
    with pytest.raises(UserError, match=r'train\.held_out'):
        shards.read_share(Ensemble(1, 10), 1, slice(8, 10), 3, 0)


def test_single_draws_are_read_by_number():
    test = split(100, 0.4)[2]
    numbers = shards.evenly(2 * 20, 4)
    phi_nyx = shards.read_numbers(Ensemble(2, 100), 1, test, numbers)
    assert numbers == [0, 10, 20, 30]
    assert phi_nyx[:, 0, 0].tolist() == [80, 90, 1080, 1090]


@settings(deadline=None)
@given(total=st.integers(1, 50), count=st.integers(1, 60))
def test_even_choice_has_no_draw_twice(total, count):
    numbers = shards.evenly(total, count)
    assert len(set(numbers)) == len(numbers) == min(total, count)
    assert max(numbers) < total


@settings(deadline=None)
@given(total=st.integers(20, 100), batch=st.integers(8, 20), size=SIZES, epoch=st.integers(1, 3))
def test_a_batch_holds_the_same_draws_on_any_number_of_ranks(total, batch, size, epoch):
    def epoch_plan(size):
        """Global numbers of the draws of each step, and how each rank moves them."""
        parts = [shards.strata(total, batch, size, rank) for rank in range(size)]
        plans = [batches.plan((1, 2), epoch, strata, 16) for strata in parts]
        draw_ts = torch.cat([plan.draw_ts + strata.bounds[0]
                             for plan, strata in zip(plans, parts, strict=True)], 1)
        return draw_ts, [plan.moves for plan in plans]

    draw_ts, moves = epoch_plan(size)
    alone, (expected,) = epoch_plan(1)
    assert torch.equal(draw_ts, alone)
    assert moves == size * [expected]
    assert draw_ts.unique().numel() == draw_ts.numel() == batch * (total // batch)
    assert draw_ts.max() < total


def test_epochs_and_models_take_draws_in_different_orders():
    def draws(name, epoch):
        return batches.plan(batches.seed_of(1, name), epoch, shards.strata(60, 2), 16)[0].tolist()

    assert draws('a', 1) == draws('a', 1)
    assert draws('a', 1) != draws('a', 2)
    assert draws('a', 1) != draws('b', 1)


def test_steps_move_draws_by_all_symmetries_and_shifts_and_each_epoch_anew():
    first, second = (batches.plan((1, 2), epoch, shards.strata(2000, 1), 6).moves
                     for epoch in (1, 2))
    assert {move.symmetry for move in first} == {*range(8)}
    assert {move.shift_m for move in first} == {(y, x) for y in range(6) for x in range(6)}
    assert first != second


def test_taken_draws_are_moved_alike_on_the_torus():
    phi_nyx = torch.randn(5, 4, 4)
    x_sD = batches.take(phi_nyx, torch.tensor([3, 0, 3]), batches.Move(0, (1, 3)))
    assert torch.equal(x_sD, phi_nyx[[3, 0, 3]].roll((1, 3), (1, 2)).flatten(1))


def test_moves_are_the_symmetries_of_the_square():
    """All eight are there, and each keeps neighbours neighbours: the hopping energy stays."""
    phi_nyx = torch.randn(1, 6, 6, dtype=torch.float64)
    moves = [batches.Move(symmetry, (2, 5)) for symmetry in range(8)]
    made = [batches.take(phi_nyx, torch.tensor([0]), move).unflatten(1, (6, 6)) for move in moves]
    assert len({tuple(field.flatten().tolist()) for field in made}) == 8
    hopping = [(field * (field.roll(1, 1) + field.roll(1, 2))).sum().item() for field in made]
    assert hopping == pytest.approx([hopping[0]] * 8)


def test_a_rank_without_numbers_reads_nothing():
    phi_nyx = shards.read_numbers(np.zeros((2, 2, 10, 4, 4), np.float32), 1, slice(5, 10), [])
    assert (phi_nyx.shape, phi_nyx.dtype) == ((0, 4, 4), np.float32)
