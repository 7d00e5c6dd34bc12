"""What every algorithm must keep to, and what a new one takes: a file, and one for its kernel."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from phi4hpc.deck.algorithms import algorithm, names
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import Sample
from phi4hpc.device.fields import Fields
from phi4hpc.device.host import Host
from phi4hpc.errors import UserError
from phi4hpc.kernels.philox import Stream
from phi4hpc.sampling.algorithm import require_streams
from phi4hpc.sampling.replicas import Replicas
from tests.blocks import launch
from tests.conftest import ROOT
from tests.documents import files

SAMPLE = Sample()
STREAMS = {'metropolis': 2, 'overrelaxation': 4, 'cluster': 5, 'hmc': 6}
"""For ever: to change a number changes all bits."""
SHOWN = files('docs/extending.md')
FLIP = {file: SHOWN[f'mygroup/{file}'] for file in ('flip.py', 'flip.cu')}
DECK = """
lattice: {{sizes: [4]}}
ladder: {{kappas: [0.5, 0.6], chains: 2}}
sample: {{start: cold, thermalisation: 20, draws: 40, spacing: 1,
         recipe: [{{metropolis: 1}}, {{{name}: 1}}]}}
"""
"""So far in the broken phase that Metropolis never changes the sign of a field."""


@pytest.fixture(params=names())
def name(request):
    return request.param


def start(L, replicas, precision='float32'):
    fields = Fields(Host(), L, precision, 0.1, 5, replicas)
    phi = np.random.default_rng(L).normal(size=(8, L, L))
    fields.write(phi[list(replicas)])
    return fields


def test_it_says_what_it_is(name):
    module = algorithm(name)
    assert isinstance(module.ERGODIC, bool)
    assert isinstance(module.launch, Callable)
    assert module.visits(SAMPLE) >= 1
    if hasattr(module, 'step_size'):
        size = module.step_size(SAMPLE, 8)
        assert 0 < size.first <= size.largest
        assert 0 < size.acceptance < 1
        assert size.proposals >= 1


def test_a_replica_does_not_depend_on_which_others_are_held(name):
    together, alone = start(8, range(3)), start(8, [0])
    launch(together, name, 0)
    launch(alone, name, 0, part_r=[0.6])
    assert (together.read()[0] == alone.read()[0]).all()


def test_sweeps_in_one_launch_are_the_same_as_one_by_one(name):
    once, often = start(8, range(2)), start(8, range(2))
    accepted = launch(once, name, 5, sweeps=4)
    assert np.array_equal(accepted, sum(launch(often, name, n, sweeps=1) for n in range(5, 9)))
    assert (once.read() == often.read()).all()
    assert (once.read() != start(8, range(2)).read()).any()


def test_proposals_are_as_said(name):
    """All are accepted of steps that are next to none."""
    module, fields = algorithm(name), start(6, range(2), 'float64')
    if not hasattr(module, 'step_size'):
        pytest.skip('nothing is tuned')
    size, few = module.step_size(SAMPLE, 6), np.full(2, 1e-3 * module.step_size(SAMPLE, 6).first)
    accepted = module.launch(fields, SAMPLE, np.full(2, 0.25), few, 0, 3)
    assert (accepted > 0.99 * 3 * size.proposals).all()
    assert (accepted <= 3 * size.proposals).all()


def test_streams_are_those_of_ever_and_no_two_are_the_same():
    found = {name: algorithm(name).STREAM for name in names() if hasattr(algorithm(name), 'STREAM')}
    assert found.items() >= STREAMS.items()
    assert {stream.name: int(stream) for stream in Stream} == {'START': 1, 'SWAP': 3, 'TIES': 7}
    numbers = [*found.values(), *map(int, Stream)]
    assert len(set(numbers)) == len(numbers)
    require_streams(names())


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a folder of modules that Python finds, with the algorithm of docs/extending.md."""
    folder = tmp_path / f'own_{tmp_path.name}'
    folder.mkdir()
    for file, text in FLIP.items():
        (folder / file).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    return folder


def test_an_algorithm_of_the_users_runs_by_its_dotted_path(own):
    name = f'{own.name}.flip'
    deck = parse(DECK.format(name=f'"{name}"'), 'deck').deck
    replicas = Replicas(Host(), deck, 4, (0, 4))
    replicas.start()
    sizes, signs = {'metropolis': np.full(4, 0.5)}, []
    for number in range(20):
        replicas.step(number, np.full(4, 0.6), sizes)
        signs.append(np.sign(replicas.measure()[:, 0]))
    assert (np.abs(np.sum(signs, 0)) < 20).all()


def test_a_stream_that_is_another_algorithms_is_refused(own):
    (own / 'flip.py').write_text(FLIP['flip.py'].replace('STREAM = 77', 'STREAM = 2'))
    said = r'flip: its STREAM is 2; expected a number from 1 to 255, none of 1 \(start\), 2 \(metr'
    with pytest.raises(UserError, match=said):
        require_streams([f'{own.name}.flip'])


def test_a_new_file_and_its_kernel_are_all_that_a_new_algorithm_takes(tmp_path):
    """In a copy of the package: the schema has it, a deck may name it, and it is run."""
    shutil.copytree(ROOT / 'phi4hpc', tmp_path / 'phi4hpc',
                    ignore=shutil.ignore_patterns('__pycache__'))
    text = FLIP['flip.py'].replace("Path(__file__).with_suffix('.cu')", "'flip'")
    (tmp_path / 'phi4hpc/sampling/algorithms/flip.py').write_text(text)
    (tmp_path / 'phi4hpc/kernels/flip.cu').write_text(FLIP['flip.cu'])
    (tmp_path / 'deck.yaml').write_text(DECK.format(name='flip'))
    schema = json.loads(phi4hpc(tmp_path, 'schema'))
    recipe = schema['$defs']['Sample']['properties']['recipe']
    assert 'flip' in recipe['items']['propertyNames']['anyOf'][0]['enum']
    phi4hpc(tmp_path, 'sample', 'deck.yaml', '--out', 'run')
    with h5py.File(tmp_path / 'run/ensembles.h5') as file:
        signs = np.sign(file['L004/magnetisation'][...])
    assert (np.abs(signs.sum(-1)) < 40).all()


def phi4hpc(folder: Path, *words):
    """Run a command of the copy of the package in a folder, and return what it says."""
    environment = os.environ | {'PYTHONPATH': str(folder), 'PHI4HPC_CACHE': str(folder / 'cache')}
    done = subprocess.run([sys.executable, '-m', 'phi4hpc', *words], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout
