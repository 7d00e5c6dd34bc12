"""What docs/data.md shows is run as it stands there, on ensembles of the size that it speaks of."""

import re
import shutil
import subprocess

import h5py
import numpy as np
import pyerrors
import pytest
from mpi4py import MPI

from phi4hpc import cli
from phi4hpc.deck.load import parse
from phi4hpc.lattice.series import SERIES
from phi4hpc.rundirectory import resolved
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import open_writer
from tests.conftest import ROOT
from tests.documents import blocks


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return a folder with two run directories, runs/quickstart and runs/critical.

    The one has the ensembles of L = 32, though of fewer draws and of noise, and the other a
    transition.json.gz with kappa_c alone.
    """
    loaded = parse((ROOT / 'input' / 'quickstart.yaml').read_text(), 'quickstart')
    deck, rng = loaded.deck, np.random.default_rng(1)
    shape = Shape(32, tuple(deck.ladder.kappas), deck.ladder.chains, 100, deck.precision)
    path = tmp_path_factory.mktemp('docs') / 'runs' / 'quickstart' / 'ensembles.h5'
    path.parent.mkdir(parents=True)
    resolved.write(path.parent, loaded.meaning)
    writer = open_writer('auto', MPI.COMM_SELF, path, [shape], {'lambda': deck.action.lam})
    writer.write(32, 'phi', 0, rng.standard_normal((shape.rungs, 100, 32, 32), np.float32))
    for name in SERIES:
        writer.write(32, name, 0, rng.standard_normal((shape.rungs, 100)))
    writer.commit(32, 100, {'kappa': shape.kappas})
    writer.close()
    critical = path.parents[1] / 'critical'
    critical.mkdir()
    found = {'kappa_c': {'value': pyerrors.pseudo_Obs(0.2695, 1e-5, 'L016')}}
    pyerrors.input.json.dump_dict_to_json(found, str(critical / 'transition'))
    return path.parents[2]


@pytest.mark.parametrize('library', ['xarray', 'arviz', 'h5py', 'pyerrors'])
def test_python_of_the_docs_runs(library, folder, monkeypatch):
    monkeypatch.chdir(folder)
    block = blocks('docs/data.md', f'import {library}')[0]
    exec(block, {})


def test_models_are_compared_as_the_docs_say(tmp_path, monkeypatch, capsys):
    """Here 1 in each block is of both models, and the difference moves by 0.1 of it."""
    monkeypatch.chdir(tmp_path)
    path, one_b = tmp_path / 'runs' / 'quickstart' / 'latent.h5', np.array([1.0, -1.0] * 8)
    path.parent.mkdir(parents=True)
    with h5py.File(path, 'w') as file:
        for name, size in (('dense', 1.1), ('fourier', 1.0)):
            group = file.create_group(f'L032_k0.269_{name}_d61/information_test')
            group['kappa'], group['kappa_deleted'] = size, -size * one_b / 15
    block, = (block for block in blocks('docs/data.md', 'import h5py') if '_deleted' in block)
    exec(block, {})
    assert list(map(float, capsys.readouterr().out.split())) == pytest.approx([0.1, 0.1 / 15**0.5])


def test_exported_draws_are_read_as_the_docs_say(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = folder / 'runs' / 'quickstart'
    for suffix in ('nc', 'npz', 'zarr'):
        cli.main(['export', str(run), f'draws.{suffix}', '--lattice', '32'])
    cli.main(['export', str(run), 'means.json.gz'])
    block, = blocks('docs/data.md', 'import numpy, pyerrors, xarray')
    found = {}
    exec(block, found)
    assert found['ratio'].dvalue > 0


@pytest.mark.skipif(not shutil.which('h5dump'), reason='no h5dump: apt-get install hdf5-tools')
@pytest.mark.parametrize('line', blocks('docs/data.md', 'h5dump')[0].splitlines(),
                         ids=['committed', 'series', 'properties'])
def test_h5dump_of_the_docs_runs(line, folder):
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r'DATA \{\s*\(|CHUNKED \( 1, 1, 100, 32, 32 \)', done.stdout)
