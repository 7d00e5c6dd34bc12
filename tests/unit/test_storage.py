"""ensembles.h5: what either driver writes is read, also by xarray; what is damaged is refused."""

import os
import shutil
from dataclasses import replace
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
import xarray
from mpi4py import MPI

from phi4hpc.deck.schema import Deck
from phi4hpc.device.fields import Fields
from phi4hpc.device.host import Host
from phi4hpc.errors import UserError
from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.sampling.draws import Draws
from phi4hpc.sampling.team import Team
from phi4hpc.stages import sample
from phi4hpc.stages.table import STAGES
from phi4hpc.storage import checkpoint, layout
from phi4hpc.storage.checksums import damaged
from phi4hpc.storage.creation import create, pick_driver
from phi4hpc.storage.layout import Shape, group_name
from phi4hpc.storage.reader import Ensembles, part_path
from phi4hpc.storage.virtual import parts_fit
from phi4hpc.storage.writer import open_writer
from tests.series import series_of
from tests.stopping import StopAtAsking

SHAPES = [Shape(L, (0.24, 0.25, 0.27), 2, 7, precision)
          for L, precision in ((4, 'float32'), (6, 'float64'))]
PARALLEL = pytest.mark.skipif(not h5py.get_config().mpi, reason='this h5py has no parallel HDF5')
INDEX = b'TREE\x01'                   # the bytes that begin an index of the chunks of a dataset
DRIVERS = ['virtual', pytest.param('mpio', marks=PARALLEL)]


def values(shape, name, rung):
    """Return what the tests write for one rung: numbers that tell where they belong."""
    extents = (shape.draws, shape.L, shape.L) if name == 'phi' else (shape.draws,)
    dtype = {'phi': shape.precision, 'replica': 'i4'}.get(name, 'f8')
    counted = np.arange(np.prod(extents)).reshape(extents) % 97
    return (1000 * rung + 10 * len(name) + counted).astype(dtype)


def write(path, driver, draws=7, shapes=SHAPES):
    """Write lattices in two commits, the first of three draws."""
    writer = open_writer(driver, MPI.COMM_SELF, path, shapes, {'lambda': 0.02})
    for shape in shapes:
        summary = {name: np.zeros([shape.extents()[d] for d in shape.datasets()[name][0]])
                   for name in shape.summary if name != 'kappa'} | {'kappa': shape.kappas}
        for first, last in ((0, 3), (3, draws)):
            for name in ('phi', 'replica', *SERIES):
                rows = [values(shape, name, rung)[first:last] for rung in range(shape.rungs)]
                writer.write(shape.L, name, first, np.array(rows))
            writer.commit(shape.L, last, summary)
    writer.close()


def with_draws(draws):
    """Return SHAPES with another number of draws."""
    return [replace(shape, draws=draws) for shape in SHAPES]


def reopen(path, driver, shapes):
    """Open a file for writing, which gives it room for `shapes`, and close it."""
    open_writer(driver, MPI.COMM_SELF, path, shapes, {'lambda': 0.02}).close()


@pytest.mark.parametrize('driver', DRIVERS)
def test_draws_are_read_as_written(tmp_path, driver):
    write(tmp_path / 'ensembles.h5', driver)
    with Ensembles(tmp_path / 'ensembles.h5') as ensembles:
        assert ensembles.sizes == [4, 6]
        for shape in SHAPES:
            lattice = ensembles[shape.L]
            assert (lattice.chains, lattice.draws) == (2, 7)
            assert lattice.kappas.tolist() == list(shape.kappas)
            for rung in range(shape.rungs):
                c, k = divmod(rung, 3)
                assert (lattice.phi[k, c] == values(shape, 'phi', rung)).all()
                for name in (*SERIES, 'replica'):
                    assert (lattice.series(name)[k, c] == values(shape, name, rung)).all()
            assert lattice.phi.dtype == shape.precision
            assert lattice.rung(0.27) == 2


@pytest.mark.parametrize('driver', DRIVERS)
def test_only_complete_draws_are_read(tmp_path, driver):
    write(tmp_path / 'ensembles.h5', driver, draws=5)
    with Ensembles(tmp_path / 'ensembles.h5') as ensembles:
        assert ensembles[4].draws == 5
        assert ensembles[4].series('magnetisation').shape == (3, 2, 5)


@pytest.mark.parametrize('driver', DRIVERS)
@pytest.mark.parametrize('draws', [11, 6, 5])
def test_a_file_of_another_size_makes_way_for_one_with_room(tmp_path, driver, draws):
    """What it holds is carried over, and the layout is that of a file made at once."""
    for folder in ('changed', 'fresh'):
        (tmp_path / folder).mkdir()
    shapes = with_draws(draws)
    write(tmp_path / 'changed' / 'ensembles.h5', driver, draws=5)
    for folder in ('changed', 'fresh'):
        reopen(tmp_path / folder / 'ensembles.h5', driver, shapes)
    with (Ensembles(tmp_path / 'changed' / 'ensembles.h5') as changed,
          Ensembles(tmp_path / 'fresh' / 'ensembles.h5') as fresh):
        for shape in SHAPES:
            lattice = changed[shape.L]
            assert lattice.draws == 5
            assert lattice.phi.shape[2] == draws
            assert lattice.phi.chunks == fresh[shape.L].phi.chunks
            for rung in range(shape.rungs):
                c, k = divmod(rung, 3)
                assert (lattice.phi[k, c, :5] == values(shape, 'phi', rung)[:5]).all()
                assert (lattice.series('replica')[k, c] == values(shape, 'replica', rung)[:5]).all()


@pytest.mark.parametrize('driver', DRIVERS)
def test_draws_that_are_there_are_not_cut_off(tmp_path, driver):
    path = tmp_path / 'ensembles.h5'
    write(path, driver, draws=5)
    before = contents(path)
    with pytest.raises(UserError, match='holds 5 draws, more than sample.draws=4; keep them with '
                                        'sample.draws=5'):
        reopen(path, driver, with_draws(4))
    assert contents(path) == before


DECK = Deck.model_validate({'lattice': {'sizes': [4, 6]},
                            'ladder': {'kappas': [0.24, 0.25, 0.27], 'chains': 2},
                            'sample': {'draws': 11}, 'precision': 'float64'})


@pytest.mark.parametrize('driver', DRIVERS)
def test_a_stop_while_room_is_made_leaves_the_draws_that_are_there(tmp_path, monkeypatch, driver):
    monkeypatch.setattr(runcontrol, 'APART', 0.0)           # asks before every piece
    path = tmp_path / 'ensembles.h5'
    shapes = [replace(shape, precision='float64') for shape in SHAPES]
    list(create(driver, path, shapes, {'lambda': 0.02}, 2))
    write(path, driver, shapes=shapes)
    before = contents(path)
    directory = RunDirectory(MPI.COMM_SELF, tmp_path, STAGES, '', {})
    monkeypatch.setattr(sample, 'compile_kernels', lambda *_: None)
    context = SimpleNamespace(comm=MPI.COMM_SELF, deck=DECK, directory=directory, device=None)
    for asking in (1, 20, 100):
        context.control = StopAtAsking(asking)
        with pytest.raises(Stopped, match='before sampling'):
            sample.run(context)
        assert contents(path) == before
        assert not list(tmp_path.rglob('*.new'))
    reopen(path, driver, [replace(shape, draws=11) for shape in shapes])
    assert contents(path) == before


def test_a_stop_while_room_is_taken_back_leaves_parts_that_are_made_anew(tmp_path):
    path, larger = tmp_path / 'ensembles.h5', with_draws(11)
    list(create('virtual', path, larger, {'lambda': 0.02}, 2))
    write(path, 'virtual', shapes=larger)
    before = contents(path)

    def stop(pieces):
        for _ in pieces:
            if part_path(path, 0).stat().st_mtime_ns != begun:
                raise Stopped('here')
            yield

    begun = part_path(path, 0).stat().st_mtime_ns
    with pytest.raises(Stopped):
        open_writer('virtual', MPI.COMM_SELF, path, SHAPES, {'lambda': 0.02}, stop)
    assert parts_fit(path, larger, 2) is parts_fit(path, SHAPES, 2) is False
    reopen(path, 'virtual', larger)
    assert parts_fit(path, larger, 2)
    assert contents(path) == before


def contents(path):
    """Return the bytes of all fields and series that are complete."""
    with Ensembles(path) as ensembles:
        lattices = [ensembles[L] for L in ensembles.sizes]
        return ([lattice.phi[:, :, :lattice.draws].tobytes() for lattice in lattices],
                [lattice.series(name).tobytes()
                 for lattice in lattices for name in (*SERIES, 'replica')])


@pytest.mark.parametrize('driver', DRIVERS)
def test_a_damaged_index_of_chunks_is_found(tmp_path, driver):
    """HDF5 then cannot read the draws at all; verify names each of them."""
    path = tmp_path / 'ensembles.h5'
    write(path, driver)
    file_of_draws = path if driver == 'mpio' else part_path(path, 0)
    content = file_of_draws.read_bytes()
    assert content.count(INDEX) >= len(SHAPES)
    file_of_draws.write_bytes(content.replace(INDEX, INDEX.lower()))
    with Ensembles(path) as ensembles:
        found = set(damaged(ensembles[6]))
    assert {(0.24, 0, draw) for draw in range(7)} <= found


@pytest.mark.parametrize('driver', DRIVERS)
def test_a_file_is_gone_on_with_by_the_driver_that_made_it(tmp_path, driver):
    write(tmp_path / 'ensembles.h5', driver)
    write(tmp_path / 'ensembles.h5', 'auto')
    other = {'mpio': 'virtual', 'virtual': 'mpio'}[driver]
    with pytest.raises(UserError, match=f'storage.driver: {other}, but ensembles.h5 was made by '
                                        f'{driver}; go on with'):
        write(tmp_path / 'ensembles.h5', other)


def test_a_disk_without_room_is_told_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, 'disk_usage', lambda path: SimpleNamespace(free=10_000))
    with pytest.raises(UserError, match='takes .* MB, and 0.01 MB are free there'):
        write(tmp_path / 'ensembles.h5', 'virtual')
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_opened_is_one_line(tmp_path):
    (tmp_path / 'ensembles.h5').write_text('not HDF5')
    with pytest.raises(UserError, match='cannot be opened .*--restart'):
        Ensembles(tmp_path / 'ensembles.h5')


@PARALLEL
def test_xarray_sees_the_same_behind_both_drivers(tmp_path):
    seen = {}
    for driver in ('mpio', 'virtual'):
        (tmp_path / driver).mkdir()
        write(tmp_path / driver / 'ensembles.h5', driver)
        dataset = xarray.open_dataset(tmp_path / driver / 'ensembles.h5', group=group_name(6),
                                      engine='h5netcdf')
        seen[driver] = dataset.load().drop_attrs()
    assert seen['mpio'].identical(seen['virtual'])
    assert seen['mpio'].phi.dims == ('kappa', 'chain', 'draw', 'y', 'x')
    assert seen['mpio'].magnetisation.sel(kappa=0.25, chain=1).dims == ('draw',)


def test_a_run_of_parts_can_be_moved_as_a_whole(tmp_path):
    write(tmp_path / 'ensembles.h5', 'virtual')
    moved = tmp_path.rename(tmp_path.with_name('moved'))
    with Ensembles(moved / 'ensembles.h5') as ensembles:
        assert (ensembles[4].phi[2, 1] == values(SHAPES[0], 'phi', 5)).all()


@pytest.mark.parametrize(('harm', 'said'), [
    (lambda part: part.unlink(), 'missing'),
    (lambda part: os.truncate(part, 2000), '00000.h5: cannot be opened')])
def test_a_missing_or_damaged_part_is_an_error_not_zeros(tmp_path, harm, said):
    write(tmp_path / 'ensembles.h5', 'virtual')
    harm(part_path(tmp_path / 'ensembles.h5', 0))
    with pytest.raises(UserError, match=said):
        Ensembles(tmp_path / 'ensembles.h5')


def test_a_newer_layout_is_refused(tmp_path):
    write(tmp_path / 'ensembles.h5', 'virtual')
    with h5py.File(tmp_path / 'ensembles.h5', 'r+') as file:
        file.attrs['layout_version'] = 99
    with pytest.raises(UserError, match='layout version 99'):
        Ensembles(tmp_path / 'ensembles.h5')


def test_reading_before_sampling_names_the_stage(tmp_path):
    with pytest.raises(UserError, match='run the stage sample first'):
        Ensembles(tmp_path / 'ensembles.h5')


def test_mpio_is_refused_where_h5py_is_serial(monkeypatch):
    class Serial:
        mpi = False

    monkeypatch.setattr(h5py, 'get_config', Serial)
    assert pick_driver('auto') == 'virtual'
    with pytest.raises(UserError, match=r'storage\.driver=virtual'):
        pick_driver('mpio')


def test_a_checkpoint_is_read_as_written_by_those_who_hold_other_replicas(tmp_path):
    rng = np.random.default_rng(1)
    fields = {'L004': rng.normal(size=(5, 4, 4)).astype('f4'), 'L006': rng.normal(size=(3, 6, 6))}
    held = {group: (0, len(phi)) for group, phi in fields.items()}
    assert checkpoint.load(MPI.COMM_SELF, tmp_path, held) is None
    for steps in (10, 20):
        own = {group: (phi + steps, held[group]) for group, phi in fields.items()}
        state = {'steps': steps, 'L004.width_k': np.arange(3.0)}
        checkpoint.save(MPI.COMM_SELF, tmp_path, 2, own, state)
    loaded, state = checkpoint.load(MPI.COMM_SELF, tmp_path, held)
    assert all((loaded[group] == phi + 20).all() for group, phi in fields.items())
    assert (int(state['steps']), state['L004.width_k'].tolist()) == (20, [0, 1, 2])
    half, _ = checkpoint.load(MPI.COMM_SELF, tmp_path, {'L004': (1, 3), 'L006': (3, 3)})
    assert (half['L004'] == fields['L004'][1:3] + 20).all()
    assert half['L006'].shape == (0, 6, 6)


def sampler_of(shape, writer, device):
    """Return what Draws must know of a LatticeSampler on one rank alone; nothing is sampled."""
    return SimpleNamespace(
        shape=shape, team=Team(MPI.COMM_SELF, np.array([[0, 4]]), [writer.owners(4)], 2),
        replicas=SimpleNamespace(fields=Fields(device, 4, 'float32', 0.02, 1, range(4))),
        counts=lambda: {'none': 0},
        summary=lambda _: dict.fromkeys(shape.summary, 0) | {'kappa': shape.kappas})


def test_a_block_is_declared_complete_when_all_ranks_must_have_written_it(tmp_path, monkeypatch):
    """That is when the next one is, or where a checkpoint asks for it."""
    monkeypatch.setattr(layout, 'CHUNK_BYTES', 3 * 4 * 4 * 4)              # 3 fields
    shape, declared = Shape(4, (0.24, 0.25), 2, 7, 'float32'), []
    path = tmp_path / 'ensembles.h5'
    writer = open_writer('virtual', MPI.COMM_SELF, path, [shape], {'lambda': 0.02})
    draws = Draws(MPI.COMM_SELF, writer, sampler_of(shape, writer, Host()), 0)
    monkeypatch.setattr(writer, 'commit', lambda L, draws, summary: declared.append(draws))
    for number in range(7):
        draws.keep(np.zeros((4, len(SERIES))), np.arange(4))
        if draws.full:
            draws.commit()
        assert declared == {5: [3], 6: [3, 6]}.get(number, [])
    draws.settle()
    assert declared == [3, 6, 7]
    writer.close()


@pytest.mark.parametrize('on', ['host', 'pretended'])
@pytest.mark.parametrize('driver', DRIVERS)
@pytest.mark.parametrize(('every', 'kept'), [(1, [0, 1, 2, 3, 4, 5, 6]), (3, [2, 5]), (0, [])])
def test_fields_are_kept_with_every_so_many_draws(tmp_path, request, on, driver, every, kept):
    device = Host() if on == 'host' else request.getfixturevalue(on)
    comm, shape = MPI.COMM_SELF, Shape(4, (0.24, 0.25), 2, 7, 'float32', every)
    writer = open_writer(driver, comm, tmp_path / 'ensembles.h5', [shape], {'lambda': 0.02})
    sampler = sampler_of(shape, writer, device)
    draws = Draws(comm, writer, sampler, 0)
    phi_nryx = np.random.default_rng(8).normal(size=(7, 4, 4, 4)).astype('f4')
    for phi_ryx in phi_nryx:
        sampler.replicas.fields.write(phi_ryx)
        draws.keep(np.column_stack(list(series_of(phi_ryx).values())), np.arange(4))
        if draws.full or draws.drawn == 4:
            draws.commit()
    draws.settle()
    writer.close()
    with Ensembles(tmp_path / 'ensembles.h5') as ensembles:
        lattice = ensembles[4]
        assert (lattice.draws, lattice.fields, list(lattice.field_draws)) == (7, len(kept), kept)
        assert (lattice.phi[1, 0] == phi_nryx[kept, 1]).all()
        np.testing.assert_allclose(lattice.series('mode', 1)[0], series_of(phi_nryx[:, 1])['mode'])
        np.testing.assert_allclose(lattice.series('phi2')[0, 1], series_of(phi_nryx[:, 2])['phi2'])
