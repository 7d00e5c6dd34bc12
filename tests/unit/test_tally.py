"""Sums of an analysis that goes on after stops and kills, and the memory that its draws take."""

import tracemalloc

import numpy as np
import pytest
import torch
from mpi4py import MPI

from phi4hpc.blockspin import shards
from phi4hpc.latent import tally
from phi4hpc.latent.tally import Tally, pieces
from phi4hpc.logs import log
from phi4hpc.parallel.runcontrol import Stopped
from tests.analyses import SIZE, Meetings, bits, bits_with_stops, ladder, ladder_bits, stored
from tests.autoencoders import network

COMM = MPI.COMM_SELF


@pytest.mark.parametrize('last', [23, 150])
def test_an_analysis_with_stops_has_the_same_bits_and_does_nothing_twice(
        last, tmp_path, monkeypatch):
    monkeypatch.setattr(tally, 'LEAST', 0)
    unbroken = Meetings(COMM)
    expected = bits(COMM, Tally(unbroken.each))
    found, done, runs = bits_with_stops(COMM, tmp_path / 'analysis', last)
    assert found == expected
    assert done == unbroken.done
    assert runs > unbroken.done // last


@pytest.mark.parametrize('last', [11, 50])
def test_reconstructions_with_stops_within_a_kappa_have_the_same_bits(last, tmp_path, monkeypatch):
    monkeypatch.setattr(tally, 'LEAST', 0)
    monkeypatch.setattr(tally, 'CHUNK', 5 * SIZE**2)                   # pieces of five draws
    unbroken = Meetings(COMM)
    expected = ladder_bits(COMM, Tally(unbroken.each))
    found, done, runs = bits_with_stops(COMM, tmp_path / 'analysis', last, found_by=ladder_bits)
    assert found == expected
    assert done == unbroken.done == 2 * (16 + 4 + 16)
    assert runs > unbroken.done // last


def test_reconstructions_take_a_small_part_of_the_memory_of_their_draws(monkeypatch):
    """Series are two lines of a field, and the estimates of means are made from copies of these."""
    L = 64
    phi_kcnyx = np.random.default_rng(1).standard_normal((1, 1, 400, L, L)).astype('f4')
    monkeypatch.setattr(tally, 'CHUNK', 4 * L**2)                      # pieces of four draws
    made, peaks = network('kadanoff', L=L, block=8), []

    def made_of(draws):
        ladder(COMM, tally.NOWHERE, stored(phi_kcnyx[:, :, :draws], (0.26,)), made)

    made_of(100)                                                       # imports take memory, too
    for draws in (100, 400):
        tracemalloc.start()
        made_of(draws)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 300 * phi_kcnyx[0, 0, 0].nbytes / 8


def added_up(work, pieces_of_it=range(10)):
    """Add up numbers as a part of an analysis does: an array and a tensor without a dimension."""
    sums = {'array': np.zeros(2), 'tensor': torch.zeros((), dtype=torch.float64)}
    for piece in work.over('part', pieces_of_it, [sums]):
        sums['array'] += [1, piece]
        sums['tensor'] += 0.1 * piece
    return sums


class Killed(BaseException):
    """What nobody catches."""


def killed_at(last):
    def each(pieces):
        for piece in pieces:
            if piece == last:
                raise Killed
            yield piece
    return each


def test_what_is_kept_at_intervals_is_not_done_again_after_a_kill(tmp_path):
    with pytest.raises(Killed):
        added_up(Tally(killed_at(6), tmp_path, interval=0))
    seen = []
    sums = added_up(Tally(lambda pieces: (seen.append(p) or p for p in pieces), tmp_path))
    assert seen == [6, 7, 8, 9]
    expected = added_up(Tally())
    assert (sums['array'] == expected['array']).all()
    assert sums['tensor'] == expected['tensor']


def test_a_rank_goes_on_from_its_own_sums_alone(tmp_path):
    with pytest.raises(Stopped):
        added_up(Tally(Meetings(COMM, 5).each, tmp_path, share='0of2'))
    for share, left in (('1of2', 10), ('0of3', 10), ('0of2', 5)):
        meetings = Meetings(COMM)
        added_up(Tally(meetings.each, tmp_path, share=share))
        assert meetings.done == left


@pytest.mark.parametrize('damage', [
    lambda path: path.write_bytes(path.read_bytes()[:100]), lambda path: path.write_bytes(b''),
    lambda path: path.write_bytes(path.read_bytes().replace(b'array', b'other'))],
    ids=['cut', 'empty', 'other names'])
def test_damaged_sums_are_made_anew(damage, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(log, 'propagate', True)
    with pytest.raises(Stopped):
        added_up(Tally(Meetings(COMM, 5).each, tmp_path))
    damage(tmp_path / 'part.0of1.npz')
    assert added_up(Tally(folder=tmp_path))['array'].tolist() == [10, 45]
    assert 'part.0of1.npz: damaged' in caplog.text


def test_sums_of_another_shape_are_made_anew(tmp_path):
    with pytest.raises(Stopped):
        added_up(Tally(Meetings(COMM, 5).each, tmp_path))
    sums = {'array': np.zeros(3), 'tensor': np.zeros(())}
    assert list(Tally(folder=tmp_path).over('part', range(3), [sums])) == [0, 1, 2]
    assert not sums['array'].any()


def test_what_takes_less_than_a_second_leaves_no_file(tmp_path):
    added_up(Tally(folder=tmp_path / 'analysis', interval=300))
    assert not (tmp_path / 'analysis').exists()


class Phi:
    """Stored draws (kappa, chain, draw, y, x), all zero, that note how many were read at once."""

    def __init__(self, chains, draws, L):
        self.shape, self.dtype, self.most = (1, chains, draws, L, L), np.dtype('f4'), 0

    def __getitem__(self, key):
        some = np.zeros(self.shape[2])[key[2]]
        self.most = max(self.most, some.size)
        return np.zeros((*some.shape, *self.shape[3:]), self.dtype)


@pytest.mark.parametrize('numbers', [range(10, 990), [*range(0, 1000, 2)]], ids=['all', 'some'])
def test_stored_draws_are_read_in_pieces(numbers):
    phi = Phi(2, 500, 64)
    stored = shards.Stored(phi, 0, slice(0, 500), numbers)
    read = [stored[piece].shape for _, piece in pieces([slice(0, len(stored))], 64)]
    assert sum(shape[0] for shape in read) == len(stored) == len(numbers)
    assert phi.most <= tally.draws_at_once(64) == 32


def test_slices_of_stored_draws_are_those_of_the_array():
    phi_kcnyx = np.random.default_rng(1).standard_normal((2, 3, 10, 4, 4))
    draws = slice(4, 9)
    row_nyx = phi_kcnyx[1, :, draws].reshape(15, 4, 4)
    for numbers in (range(2, 14), [0, 3, 7, 8, 14]):
        stored = shards.Stored(phi_kcnyx, 1, draws, numbers)
        assert stored.shape == (len(numbers), 4, 4)
        for part in (slice(0, 2), slice(1, 5), slice(3, 3)):
            np.testing.assert_array_equal(stored[part], row_nyx[list(numbers)][part])
