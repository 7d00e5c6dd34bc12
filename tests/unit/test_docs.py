"""What docs/data.md shows is run as it stands there, on ensembles of the size that it speaks of."""

import re
import shutil
import subprocess

import numpy as np
import pyerrors
import pytest
from mpi4py import MPI

from phi4hpc.deck.load import parse
from phi4hpc.lattice.series import SERIES
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import open_writer
from tests.conftest import ROOT


def blocks(*words):
    """Return the indented blocks of docs/data.md that begin with one of some words."""
    found = re.findall(r'(?:^ {4}.*\n)+', (ROOT / 'docs' / 'data.md').read_text(), re.MULTILINE)
    plain = [re.sub('^ {4}', '', block, flags=re.MULTILINE) for block in found]
    return [block for block in plain if block.split()[0] in words]


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return a folder with the ensembles of L = 32 of runs/quickstart, though of fewer draws and of noise.

    And a transition.json.gz of runs/critical, which holds kappa_c alone.
    """
    deck = parse((ROOT / 'input' / 'quickstart.yaml').read_text(), 'quickstart').deck
    shape, rng = Shape(32, tuple(deck.ladder.kappas), deck.ladder.chains, 100, deck.precision), np.random.default_rng(1)
    path = tmp_path_factory.mktemp('docs') / 'runs' / 'quickstart' / 'ensembles.h5'
    path.parent.mkdir(parents=True)
    writer = open_writer('auto', MPI.COMM_SELF, path, [shape], {'lambda': deck.action.lam})
    writer.write(32, 'phi', 0, rng.standard_normal((shape.rungs, 100, 32, 32), np.float32))
    for name in SERIES:
        writer.write(32, name, 0, rng.standard_normal((shape.rungs, 100)))
    writer.commit(32, 100, {'kappa': shape.kappas})
    writer.close()
    critical = path.parents[1] / 'critical'
    critical.mkdir()
    pyerrors.input.json.dump_dict_to_json({'kappa_c': {'value': pyerrors.pseudo_Obs(0.2695, 1e-5, 'L016')}},
                                          str(critical / 'transition'))
    return path.parents[2]


@pytest.mark.parametrize('block', blocks('import'), ids=['xarray', 'ArviZ', 'h5py', 'pyerrors'])
def test_python_of_the_docs_runs(block, folder, monkeypatch):
    monkeypatch.chdir(folder)
    exec(block, {})


@pytest.mark.skipif(not shutil.which('h5dump'), reason='no h5dump: apt-get install hdf5-tools')
@pytest.mark.parametrize('line', ''.join(blocks('h5dump')).splitlines(), ids=['committed', 'series', 'properties'])
def test_h5dump_of_the_docs_runs(line, folder):
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r'DATA \{\s*\(|CHUNKED \( 1, 1, 100, 32, 32 \)', done.stdout)
