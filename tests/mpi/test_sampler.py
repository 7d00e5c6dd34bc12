"""The same deck gives the same bits on any number of ranks, by either driver, in one go or killed
and resumed."""

import hashlib

import h5py
import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.deck.algorithms import tuned
from phi4hpc.deck.load import parse
from phi4hpc.device.host import Host
from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel.runcontrol import Control
from phi4hpc.sampling import deal
from phi4hpc.sampling import sampler as sampler_module
from phi4hpc.sampling.placement import first
from phi4hpc.sampling.sampler import Sampler
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import open_writer

DECK = """
seed: 5
lattice: {sizes: [4, 10]}
ladder: {tuned: {lowest: 0.24, highest: 0.28, rungs: 5, pinned: [0.269]}, chains: 2}
sample: {thermalisation: 64, draws: 23, spacing: 3, recipe: [{metropolis: 2}, {hmc: 1}]}
"""


@pytest.fixture(autouse=True, scope='module')
def whole_chains():
    """Deal by chains, as larger lattices are: on two ranks these make a team each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deal, 'WAITING', np.inf)
        yield


def sample(comm, folder, driver, sampler=Sampler):
    """Sample DECK on the ranks of `comm`."""
    deck = parse(DECK, 'test').deck
    shapes = [Shape(L, first(deck.ladder), 2, deck.sample.draws, 'float32',
                    tuned=tuple(tuned(deck.sample))) for L in deck.lattice.sizes]
    writer = open_writer(driver, comm, folder / 'ensembles.h5', shapes, {'lambda': 0.02})
    try:
        sampler(comm, Host(), deck, shapes, writer, folder / 'checkpoint', Control(comm)).run()
    finally:
        writer.close()


def bits(folder):
    """Return a digest of every draw, series and summary."""
    found = hashlib.sha256()
    with Ensembles(folder / 'ensembles.h5') as ensembles:
        for L in ensembles.sizes:
            lattice = ensembles[L]
            found.update(lattice.phi[...].tobytes())
            for array in (*map(lattice.series, (*SERIES, 'replica')), *lattice.summary().values()):
                found.update(array.tobytes())
    return found.hexdigest()


def folder_for(comm, path, name):
    """Return a folder that every rank sees, made by rank 0."""
    folder = path / name
    if comm.rank == 0:
        folder.mkdir()
    comm.Barrier()
    return folder


@pytest.fixture(scope='module')
def unbroken(whole_chains, tmp_path_factory):
    """Return the folder of a run that nothing happened to, on all ranks."""
    world = MPI.COMM_WORLD
    folder = world.bcast(tmp_path_factory.mktemp('unbroken'))
    sample(world, folder, 'virtual')
    return folder


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize('driver', ['virtual', pytest.param('mpio', marks=pytest.mark.skipif(
    not h5py.get_config().mpi, reason='this h5py has no parallel HDF5'))])
def test_bits_do_not_depend_on_the_number_of_ranks(mpi_tmp_path, driver):
    world = MPI.COMM_WORLD
    found = {}
    for size in range(1, world.size + 1):
        folder = folder_for(world, mpi_tmp_path, f'{driver}-{size}')
        part = world.Split(color=0 if world.rank < size else MPI.UNDEFINED)
        if part != MPI.COMM_NULL:
            sample(part, folder, driver)
            part.Free()
        world.Barrier()
        found[size] = bits(folder)
    assert len(set(found.values())) == 1, found


@pytest.mark.mpi(min_size=2)
def test_bits_do_not_depend_on_who_holds_what(mpi_tmp_path, monkeypatch):
    """Cuts of the row of 20 replicas at random: uneven, and with ranks that hold nothing of a
    lattice."""
    world, rng, found = MPI.COMM_WORLD, np.random.default_rng(8), set()
    for number in range(3):
        inner = sorted(rng.choice(np.arange(1, 20), world.size - 1, replace=False))
        cuts = np.array([0, *inner, 20])
        bounds = np.stack([np.clip(cuts, 0, 10), np.clip(cuts - 10, 0, 10)])
        monkeypatch.setattr(sampler_module, 'deal', lambda *_, bounds=bounds: bounds)
        folder = folder_for(world, mpi_tmp_path, f'cut-{number}')
        sample(world, folder, 'virtual')
        found.add(bits(folder))
    assert len(found) == 1


class Interrupted(Sampler):
    """A sampler that saves after step SAVED and dies at step 109, before it has written the draws
    between."""

    SAVED = 85                                                             # after draw 7

    def advance(self):
        super().advance()
        if self.steps == self.SAVED:
            self.save()
        if self.steps == 109:
            raise InterruptedError


class InterruptedEarly(Interrupted):
    """One that saves while it tunes, in the middle of a window of step sizes and of a round of
    rungs."""

    SAVED = 23


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize('fewer', [0, 1])
@pytest.mark.parametrize('interrupted', [Interrupted, InterruptedEarly])
def test_bits_survive_a_stop_and_other_ranks(unbroken, mpi_tmp_path, interrupted, fewer):
    world = MPI.COMM_WORLD
    broken = folder_for(world, mpi_tmp_path, 'broken')
    with pytest.raises(InterruptedError):
        sample(world, broken, 'virtual', interrupted)
    part = world.Split(color=0 if world.rank < world.size - fewer else MPI.UNDEFINED)
    if part != MPI.COMM_NULL:
        sample(part, broken, 'virtual')
    world.Barrier()
    assert bits(broken) == bits(unbroken)


@pytest.mark.mpi(min_size=2)
def test_a_replica_never_leaves_its_rank_but_a_series_follows_its_rung(unbroken):
    with Ensembles(unbroken / 'ensembles.h5') as ensembles:
        replica = ensembles[4].series('replica')
    for c, n in np.ndindex(2, 23):
        assert sorted(replica[:, c, n]) == list(range(5 * c, 5 * c + 5))
    assert len({tuple(replica[:, 0, n]) for n in range(23)}) > 1


@pytest.mark.mpi(min_size=2)
def test_every_lattice_has_rungs_of_its_own_and_those_that_are_pinned(unbroken):
    with Ensembles(unbroken / 'ensembles.h5') as ensembles:
        small, large = (ensembles[L].kappas.tolist() for L in (4, 10))
    assert set(small) & set(large) == {0.24, 0.269, 0.28}
    assert small == sorted(small)
