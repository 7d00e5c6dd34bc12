"""`phi4hpc export`: what other programs read is what the run has, bit by bit."""

import shutil
import tracemalloc

import numpy as np
import pyerrors
import pytest
import xarray
from mpi4py import MPI

import phi4hpc
from phi4hpc import cli, export
from phi4hpc.deck.load import parse
from phi4hpc.lattice.series import SERIES
from phi4hpc.rundirectory import resolved
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import open_writer

KAPPAS = (0.24, 0.25, 0.26)


def write(folder, sizes, draws, every=1):
    """Write the directory of a run that has sampled noise."""
    folder.mkdir(exist_ok=True)
    deck = (f'lattice: {{sizes: {sizes}}}\nladder: {{kappas: {list(KAPPAS)}}}\n'
            f'sample: {{fields: {every}}}\naction: {{lambda: 0.5}}\n')
    resolved.write(folder, parse(deck, 'deck').meaning)
    shapes = [Shape(L, KAPPAS, 2, draws, 'float32', every) for L in sizes]
    writer = open_writer('auto', MPI.COMM_SELF, folder / 'ensembles.h5', shapes, {'lambda': 0.5})
    rng = np.random.default_rng(1)
    for shape in shapes:
        for first in range(0, draws, 500):
            number = min(500, draws - first)
            fields = shape.fields(first + number) - shape.fields(first)
            writer.write(shape.L, 'phi', shape.fields(first),
                         rng.standard_normal((shape.rungs, fields, shape.L, shape.L), np.float32))
            for name in SERIES:
                writer.write(shape.L, name, first, rng.standard_normal((shape.rungs, number)))
        writer.commit(shape.L, draws, {'kappa': shape.kappas})
    writer.close()
    return folder


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    return write(tmp_path_factory.mktemp('run'), [4, 8], 60)


@pytest.fixture(scope='module')
def thinned(tmp_path_factory):
    """A run that keeps every third field."""
    return write(tmp_path_factory.mktemp('thinned'), [4], 60, every=3)


def exported(run, path, *words):
    cli.main(['export', str(run), str(path), *words])
    return path


def opened(path, group='L008'):
    if path.suffix == '.zarr':
        return xarray.open_zarr(path, group=group, consolidated=False)
    return xarray.open_dataset(path, group=group, engine='h5netcdf')


@pytest.mark.parametrize('suffix', ['.nc', '.zarr'])
def test_xarray_sees_what_the_run_has(run, suffix, tmp_path, capsys):
    path = exported(run, tmp_path / f'all{suffix}')
    for L in (4, 8):
        ours, theirs = phi4hpc.open(run).ensembles[L], opened(path, f'L{L:03d}')
        for name in ('phi', 'replica', *SERIES):
            xarray.testing.assert_identical(ours[name].reset_coords(drop=True).drop_attrs(),
                                            theirs[name].drop_attrs())
        assert theirs.attrs['lambda'] == 0.5
    assert capsys.readouterr().out.count('2 chains of 60 draws with 60 configurations') == 2
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize('suffix', ['.nc', '.zarr'])
def test_one_lattice_some_rungs_and_one_draw_of_n(run, suffix, tmp_path):
    words = ['--lattice', '8', '--kappas', '0.26', '0.24', '--every', '7']
    theirs = opened(exported(run, tmp_path / f'some{suffix}', *words))
    ours = phi4hpc.open(run).ensembles[8].isel(draw=slice(6, None, 7)).sel(kappa=[0.26, 0.24])
    np.testing.assert_array_equal(theirs.phi, ours.phi)
    np.testing.assert_array_equal(theirs.hopping, ours.hopping)
    assert theirs.draw.values.tolist() == [6, 13, 20, 27, 34, 41, 48, 55]
    assert theirs.kappa.values.tolist() == [0.26, 0.24]


@pytest.mark.parametrize(('every', 'fields'), [(1, 20), (2, 10), (6, 10), (5, 4)])
def test_fields_that_are_kept_seldom_stay_with_their_draws(thinned, every, fields, tmp_path):
    theirs = opened(exported(thinned, tmp_path / 'a.nc', '--every', str(every)), 'L004')
    ours = phi4hpc.open(thinned).ensembles[4]
    numbers = theirs.field if 'field' in theirs else theirs.draw
    assert len(numbers) == fields
    np.testing.assert_array_equal(theirs.phi, ours.phi.sel(field=numbers.values))
    np.testing.assert_array_equal(theirs.phi2, ours.phi2.sel(draw=theirs.draw.values))


def test_npz_has_the_names_of_the_field(run, tmp_path):
    path = exported(run, tmp_path / 'a.npz', '--lattice', '4', '--every', '20')
    phi = phi4hpc.open(run).ensembles[4].phi
    with np.load(path) as found:
        assert set(found) == {'cfgs', 'kappa', 'lambda', 'chain', 'draw'}
        assert found['cfgs'].shape == (3, 6, 4, 4)
        for n, (chain, draw) in enumerate(zip(found['chain'], found['draw'], strict=True)):
            np.testing.assert_array_equal(found['cfgs'][:, n], phi.sel(chain=chain, draw=draw))
        assert (found['kappa'].tolist(), float(found['lambda'])) == (list(KAPPAS), 0.5)


def test_pyerrors_has_means_that_know_their_fluctuations(run, tmp_path):
    path = exported(run, tmp_path / 'a.json.gz')
    found = pyerrors.input.json.load_json_dict(str(path), verbose=False)
    one, other = found['L008']['0.25']['phi2'], found['L008']['0.25']['hopping']
    known = [phi4hpc.open(run).mean(name, L=8, kappa=0.25) for name in ('phi2', 'hopping')]
    ratio, same = one / other, known[0] / known[1]
    ratio.gamma_method(), same.gamma_method()
    assert (ratio.value, ratio.dvalue) == pytest.approx((same.value, same.dvalue))
    assert set(found) == {'L004', 'L008'}


@pytest.mark.parametrize(('words', 'code', 'said'), [
    (['a.csv'], 2, 'expected a name that ends with one of .nc, .zarr, .npz, .json.gz'),
    (['a.npz'], 1, 'choose one of 4, 8 by --lattice'),
    (['a.nc', '--lattice', '16'], 1, 'L = 16 is not sampled; expected one of 4, 8'),
    (['a.nc', '--kappas', '0.27'], 1, 'kappa = 0.27 is not on the ladder'),
    (['a.zarr', '--every', '61'], 1, 'has 60 complete draws a chain'),
    (['a.json.gz', '--every', '2'], 1, 'leave out --every'),
    (['there.nc'], 1, 'is there already'),
    (['nowhere/a.nc'], 1, 'nowhere/a.nc: there is no folder nowhere; make it')])
def test_what_cannot_be_exported_is_one_line_and_leaves_nothing(run, words, code, said, tmp_path,
                                                                monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'there.nc').touch()
    with pytest.raises(SystemExit) as stop:
        cli.main(['export', str(run), *words])
    assert stop.value.code == code
    err = capsys.readouterr().err
    assert said in err
    assert err.count('\n') == 1
    assert [path.name for path in tmp_path.iterdir()] == ['there.nc']


def test_without_fields_series_are_exported(tmp_path):
    run = write(tmp_path / 'run', [4], 20, every=0)
    assert 'phi' not in opened(exported(run, tmp_path / 'a.nc'), 'L004')
    with pytest.raises(SystemExit, match='1'):
        cli.main(['export', str(run), str(tmp_path / 'a.npz')])


@pytest.mark.parametrize('suffix', ['.nc', '.zarr', '.npz'])
def test_memory_is_that_of_few_draws(suffix, tmp_path):
    """Less than the 8.2 MB of the draws of one chain, out of 48 MB of a run.

    Zarr writes in threads of its own: as these come and go, three to five blocks of a mebibyte are
    there at once.
    """
    run = write(tmp_path / 'run', [32], 2000)
    exported(run, tmp_path / f'warm{suffix}', '--every', '1000')       # imports take memory, too
    tracemalloc.start()
    try:
        export.main(run, tmp_path / f'a{suffix}')
        assert tracemalloc.get_traced_memory()[1] < 2000 * 32**2 * 4
    finally:
        tracemalloc.stop()
        shutil.rmtree(run)
