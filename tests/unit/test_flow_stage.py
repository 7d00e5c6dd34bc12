"""The stage flow: what it leaves, that it goes on where it was stopped, and learned block spins."""

import json
import subprocess
import sys

import numpy as np
import pytest
from mpi4py import MPI

import phi4hpc
from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.models import models
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import BLOCKS
from phi4hpc.device.host import Host
from phi4hpc.errors import UserError
from phi4hpc.flow.encoder import Encoder
from phi4hpc.flow.units import Unit
from phi4hpc.lattice.operator import load
from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel.runcontrol import Control, Stopped
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.stages import flow
from phi4hpc.stages.context import Context
from phi4hpc.stages.table import STAGES
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import open_writer
from tests.autoencoders import moved, network
from tests.documents import blocks
from tests.series import series_of
from tests.stopping import StopAtAsking

DECK = """
lattice: {sizes: [8, 16]}
ladder: {kappas: [0.24, 0.26], chains: 2}
sample: {draws: 60}
flow: {lattices: [16, 8], kappas: [0.26], blocks: BLOCKS, smallest: 4}
"""
TRAIN = """
train: {lattice: 8, kappas: [0.26], seeds: 2,
        models: [{convolutional: {block: 2, width: 3}}, {kadanoff: {block: 2}},
                 {convolutional: {block: 4, width: 3}}]}
"""
PLAIN = '[{kadanoff: {}}, {majority: {signs_first: true}}, {kadanoff: {signs: true}}]'
NAMES = ['kadanoff', 'majority_signs_first', 'kadanoff_signs']


def context(path, spins=PLAIN, more='', control=None):
    """Return the Context of a run whose sampling is done; its draws are noise."""
    loaded = parse(DECK.replace('BLOCKS', spins) + more, 'deck')
    directory = RunDirectory(MPI.COMM_SELF, path, STAGES, loaded.text, loaded.meaning)
    directory.open(changed=True)
    if not directory.file('ensembles.h5').exists():
        draw(loaded.deck, directory.file('ensembles.h5'))
    return Context(MPI.COMM_SELF, loaded.deck, directory, Host(),
                   control or Control(MPI.COMM_SELF))


def draw(deck, path):
    """Write draws of noise that is correlated from site to site."""
    shapes = [Shape(L, tuple(deck.ladder.kappas), 2, 60, 'float32') for L in deck.lattice.sizes]
    writer = open_writer('virtual', MPI.COMM_SELF, path, shapes, {'lambda': 0.02})
    for shape in shapes:
        noise = np.random.default_rng(shape.L).normal(size=(4, 60, shape.L, shape.L))
        phi = (noise + np.roll(noise, 1, -1) + np.roll(noise, 1, -2)).astype(np.float32)
        writer.write(shape.L, 'phi', 0, phi)
        for name, series in series_of(phi).items():
            writer.write(shape.L, name, 0, series)
        assert {*SERIES} == {*series_of(phi)}
        writer.flush()
        writer.commit(shape.L, 60, {'kappa': shape.kappas})
    writer.close()


def results(path):
    return json.loads((path / 'flow.json').read_text())


@pytest.fixture(scope='module')
def unbroken(tmp_path_factory):
    """Return the directory of a run whose flow nothing happened to."""
    path = tmp_path_factory.mktemp('unbroken')
    flow.run(context(path))
    return path


def test_it_says_how_many_draws_it_blocked(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(flow.log, 'propagate', True)
    with caplog.at_level('INFO', flow.log.name):
        flow.run(context(tmp_path, '[{kadanoff: {}}]'))
    assert 'flow kadanoff/L008_k0.26: 120 draws at 2 levels' in caplog.messages
    assert 'flow kadanoff/L016_k0.26: 120 draws at 3 levels' in caplog.messages


def test_it_leaves_a_list_of_each_kind(unbroken):
    found = results(unbroken)
    assert list(found) == ['levels', 'couplings', 'means', 'exponents']
    for name, entries in found.items():
        assert {(entry['lambda'], entry['kappa']) for entry in entries} == {(0.02, 0.26)}
        # Signs have no slopes, and so no couplings.
        wanted = NAMES[:1] if name == 'couplings' else NAMES
        assert list(dict.fromkeys(entry['blocks'] for entry in entries)) == wanted
    of_16 = [entry for entry in found['levels'] if entry['start'] == 16][:3]
    assert [(entry['level'], entry['L']) for entry in of_16] == [(0, 16), (1, 8), (2, 4)]
    exponent = found['exponents'][0]
    assert exponent['y_h'].keys() == {'value', 'error', 'truncation', 'truncation_error', 'change',
                                      'lattice', 'lattice_error'}
    assert exponent['y_h']['lattice'] is not None


def test_arrays_are_read_by_xarray_with_names(unbroken):
    unit = phi4hpc.open(unbroken).blocked['kadanoff/L016_k0.26']
    assert unit.attrs['blocks'] == 'kadanoff'
    assert unit.stability.sel(step=1, operator='phi', operator_2='phi').shape == ()
    mean = phi4hpc.open(unbroken).flow['means'].set_index(['blocks', 'start', 'level'])
    assert float(unit['mean'].sel(level=1, operator='phi4')) == pytest.approx(
        mean.operators_phi4_value['kadanoff', 16, 1])
    odd = [not load(name).even for name in unit.operator.values]
    T_aa = unit.stability.sel(step=1).values[np.ix_(odd, odd)]
    y_h = [entry['y_h']['value'] for entry in results(unbroken)['exponents']
           if (entry['blocks'], entry['start'], entry['step']) == ('kadanoff', 16, 1)]
    assert np.log2(abs(np.linalg.eigvals(T_aa)).max()) == pytest.approx(y_h[-1])


def test_python_of_the_docs_runs(unbroken, tmp_path, monkeypatch, capsys):
    (tmp_path / 'runs').mkdir()
    (tmp_path / 'runs' / 'flow').symlink_to(unbroken)
    monkeypatch.chdir(tmp_path)
    text = blocks('docs/data.md', 'import phi4hpc')[-1]
    exec(text.replace('L064_k0.340301', 'L016_k0.26'), {})
    assert 'majority_signs_first' in capsys.readouterr().out


@pytest.mark.parametrize('asked', [1, 3, 6])
def test_it_goes_on_with_the_unit_at_which_it_was_stopped(unbroken, tmp_path, asked, monkeypatch):
    with pytest.raises(Stopped):
        flow.run(context(tmp_path, control=StopAtAsking(asked)))
    assert len(flow.finished(context(tmp_path))) == asked - 1
    blocked, follow = [], flow.follow
    monkeypatch.setattr(flow, 'follow', lambda *given: blocked.append(follow(*given)))
    flow.run(context(tmp_path))
    assert len(blocked) == 6 - (asked - 1)
    assert results(tmp_path) == results(unbroken)


def trained(given):
    """Leave the models of a deck as training leaves them, with made-up weights."""
    given.directory.begin('train')
    for number, model in enumerate(models(given.deck)):
        made = moved(network(model.family, L=8, seed=number, **model.settings.model_dump()), 0.1)
        modelfile.save(given.directory.file('models', f'{model.name}.pt'), model, made)
    given.directory.begin('sample')
    for stage in ('sample', 'train'):
        given.directory.file('checkpoint').mkdir(exist_ok=True)
        given.directory.finish(stage, 1.0, 'host')


def test_every_seed_of_a_model_of_two_by_two_sites_is_a_block_spin(tmp_path):
    given = context(tmp_path, '[{learned: {}}, {learned: {signs: true}}]', TRAIN)
    trained(given)
    flow.run(given)
    found, names = results(tmp_path), [model.name for model in models(given.deck)][:2]
    assert {entry['blocks'] for entry in found['exponents']} == {
        f'learned:{name}{signs}' for name in names for signs in ('', '_signs')}
    assert {(entry['model'], entry['seed']) for entry in found['levels']} == {
        (name, number) for number, name in enumerate(names, 1)}
    assert {entry['start'] for entry in found['levels']} == {8, 16}


def test_a_model_whose_training_diverged_is_left_out(tmp_path):
    given = context(tmp_path, '[{learned: {}}]', TRAIN)
    trained(given)
    for path in given.directory.file('models').glob('*block2*.pt'):
        path.unlink()
    given.directory.finish('train', 1.0, 'host')
    flow.run(given)
    assert results(tmp_path) == {name: [] for name in ('levels', 'couplings', 'means', 'exponents')}


def test_torch_is_imported_for_learned_block_spins_alone():
    look = 'import sys, phi4hpc.stages.flow; print("torch" in sys.modules)'
    done = subprocess.run([sys.executable, '-c', look], capture_output=True, text=True)
    assert done.stdout == 'False\n', done.stderr


def test_a_learned_block_spin_needs_its_model(tmp_path):
    with pytest.raises(UserError, match='the stage train is not complete'):
        flow.run(context(tmp_path, '[{learned: {}}]', TRAIN))


def test_the_encoder_of_one_lattice_serves_all(tmp_path):
    """It commutes with shifts by a block, and a field of period 8 has blocks of period 4."""
    encode = Encoder(moved(network('convolutional', L=8, channels=1)))
    phi_nyx = np.random.default_rng(1).normal(size=(2, 8, 8))
    small, large = encode(phi_nyx), encode(np.tile(phi_nyx, (1, 2, 2)))
    assert (small.shape, large.shape) == ((2, 4, 4), (2, 8, 8))
    shifted = encode(np.roll(phi_nyx, (2, 4), (1, 2)))
    np.testing.assert_allclose(shifted, np.roll(small, (1, 2), (1, 2)), atol=1e-5)
    assert Encoder(network('convolutional', L=8, channels=1))(np.ones((1, 6, 6))) == pytest.approx(
        np.ones((1, 3, 3)), abs=1e-5)


@pytest.mark.parametrize(('name', 'settings', 'expected'), [
    ('kadanoff', {}, 'kadanoff'), ('tunable', {'w': 0.3}, 'tunable_w0.3'),
    ('tunable', {'w': 0.3, 'signs': True}, 'tunable_w0.3_signs'),
    ('majority', {'signs_first': True}, 'majority_signs_first')])
def test_a_block_spin_is_named_with_its_settings(name, settings, expected):
    block = BLOCKS.entry({name: settings}).settings
    assert Unit(name, block, 64, 0.340301, 1.0).blocks == expected
    assert Unit(name, block, 64, 0.340301, 1.0).group == f'{expected}/L064_k0.340301'
