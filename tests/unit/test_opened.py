"""phi4hpc.open reads what is there, also while a run is at work; what is not is one clear error."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from mpi4py import MPI
from xarray import DataArray

import phi4hpc
from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.models import models
from phi4hpc.deck.load import parse
from phi4hpc.errors import DeckError, UserError
from phi4hpc.lattice.series import SERIES
from phi4hpc.rundirectory import resolved
from phi4hpc.statistics.quoted import with_obs
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import open_writer
from tests.unit.test_storage import DRIVERS

DECK = """
lattice: {sizes: [4, 6]}
ladder: {kappas: [0.24, 0.25], chains: 2}
sample: {draws: 100}
train: {lattice: 4, kappas: [0.25], models: [{fourier: {latents: [3]}}, {kadanoff: {}}]}
"""
LOOK = """
import sys
import phi4hpc

run = phi4hpc.open(sys.argv[1])
L4 = run.ensembles[4]
print(L4.phi.shape, float(L4.phi.min()), float(L4.magnetisation.sel(kappa=0.25).max()))
assert not {'torch', 'mpi4py.MPI', 'matplotlib'} & set(sys.modules)
"""


@pytest.fixture
def folder(tmp_path):
    """Return the directory of a run that has left nothing but its deck."""
    resolved.write(tmp_path, parse(DECK, 'deck').meaning)
    return tmp_path


def write_some(folder, driver, draws, every=1):
    """Return an open writer that has made `draws` of the 100 draws, all of ones."""
    shapes = [Shape(L, (0.24, 0.25), 2, 100, 'float32', every) for L in (4, 6)]
    writer = open_writer(driver, MPI.COMM_SELF, folder / 'ensembles.h5', shapes, {'lambda': 0.02})
    for shape in shapes:
        fields = shape.fields(draws)
        writer.write(shape.L, 'phi', 0, np.ones((4, fields, shape.L, shape.L), np.float32))
        for name in SERIES:
            writer.write(shape.L, name, 0, np.ones((4, draws)))
        writer.flush()
        writer.commit(shape.L, draws, {'kappa': shape.kappas})
    return writer


@pytest.mark.parametrize('driver', DRIVERS)
def test_a_plain_interpreter_sees_the_complete_draws_while_a_run_is_at_work(folder, driver):
    writer = write_some(folder, driver, 7)
    done = subprocess.run([sys.executable, '-c', LOOK, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == '(2, 2, 7, 4, 4) 1.0 1.0\n'
    writer.close()


def test_fields_are_those_of_complete_draws(folder):
    write_some(folder, 'virtual', 7, every=3).close()
    dataset = phi4hpc.open(folder).ensembles[6]
    assert dataset.phi.dims == ('kappa', 'chain', 'field', 'y', 'x')
    assert dataset.field.values.tolist() == [2, 5]
    assert dataset.sizes['draw'] == 7
    with pytest.raises(UserError, match='L = 8: no such lattice; the run has L = 4, 6'):
        phi4hpc.open(folder).ensembles[8]


def test_the_deck_is_that_of_the_run(folder):
    assert phi4hpc.open(folder).deck == parse(DECK, 'deck').deck


def test_models_map_fields_of_any_library_and_shape(folder):
    run, name = phi4hpc.open(folder), 'L004_k0.25_fourier_d3'
    assert list(run.models) == [name, 'L004_k0.25_kadanoff_d1']
    model = models(run.deck)[0]
    torch.manual_seed(1)
    network = Autoencoder(model.settings, model.latent, model.L)
    (folder / 'models').mkdir()
    modelfile.save(folder / 'models' / f'{name}.pt', model, network)
    phi_cnyx = np.random.default_rng(1).normal(size=(2, 5, 4, 4)).astype(np.float32)
    latents_cnd = run.models[name].encode(phi_cnyx)
    assert latents_cnd.shape == (2, 5, 3)
    mapped_cnyx = run.models[name](DataArray(phi_cnyx)).numpy()
    np.testing.assert_array_equal(run.models[name].decode(latents_cnd), mapped_cnyx)
    x_nD = torch.from_numpy(phi_cnyx).reshape(10, 16)
    np.testing.assert_array_equal(network(x_nD).detach(), mapped_cnyx.reshape(10, 16))
    with pytest.raises(UserError, match=r'fields of shape \(2, 8, 8\): expected \(..., 4, 4\)'):
        run.models[name].encode(np.zeros((2, 8, 8), np.float32))
    with pytest.raises(UserError, match=r'latents of shape \(2, 6\): expected \(..., 3\)'):
        run.models[name].decode(np.zeros((2, 6), np.float32))


@pytest.mark.parametrize(('name', 'said'), [
    ('L004_k0.25_kadanoff_d1', 'no L004_k0.25_kadanoff_d1.pt yet; run the stage train'),
    ('L004_k0.25_dense_d3', 'no such model; the deck has L004_k0.25_fourier_d3, L004_k0.25_kad'),
])
def test_a_model_that_is_not_there_says_why(folder, name, said):
    with pytest.raises(UserError, match=said):
        phi4hpc.open(folder).models[name]


@pytest.mark.parametrize(('part', 'said'), [
    ('ensembles', 'no ensembles.h5 yet; run the stage sample'),
    ('results', 'no results.json yet; run the stage measure'),
    ('latent', 'no latent.h5 yet; run the stage analyse'),
    ('flow', 'no flow.json yet; run the stage flow'),
    ('blocked', 'no flow.h5 yet; run the stage flow'),
])
def test_what_is_not_there_yet_names_the_stage_that_makes_it(folder, part, said):
    run = phi4hpc.open(folder)
    with pytest.raises(UserError, match=said):
        getattr(run, part)


def test_a_folder_that_no_run_made_is_refused(tmp_path):
    with pytest.raises(UserError, match='expected the directory of a run'):
        phi4hpc.open(tmp_path / 'nowhere')


def test_a_deck_of_another_version_is_a_fault_in_its_file(folder):
    (folder / resolved.FILE).write_text(f'{DECK}colour: blue\n')
    with pytest.raises(DeckError, match='deck.resolved.yaml:6:1: colour: unknown key'):
        _ = phi4hpc.open(folder).deck


def test_a_damaged_file_is_one_line(folder):
    (folder / 'latent.h5').write_text('not HDF5')
    with pytest.raises(UserError, match=r'latent.h5: cannot be opened .*; remove it'):
        _ = phi4hpc.open(folder).latent


def test_errors_become_those_of_obs():
    mean = {'value': 2.0, 'error': 0.5, 'tau_int': 3.0, 'tau_int_error': 0.1, 'window': 7}
    found = with_obs({'mean': mean, 'none': None, 'line': {'t': [0, 1], 'value': [1.0, None],
                                                           'error': [0.1, None]},
                      'fit': [{'value': 1.0, 'error': 0.1, 'chi2': 4.0}]})
    assert (found['mean'].value, found['mean'].dvalue) == (2.0, 0.5)
    assert found['none'] is None
    assert found['line']['t'].tolist() == [0, 1]
    assert (found['line']['value'][0].dvalue, found['line']['value'][1]) == (0.1, None)
    assert (found['fit'][0]['value'].value, found['fit'][0]['chi2']) == (1.0, 4.0)
    both = found['mean'] + found['line']['value'][0]
    both.gamma_method()
    assert both.dvalue == pytest.approx(np.hypot(0.5, 0.1))
