"""A whole study in a batch job that inherits what an interactive shell or another node had."""

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import ENVIRONMENT, ROOT

DECK = """
lattice: {sizes: [8]}
ladder: {kappas: [0.25, 0.269]}
sample: {thermalisation: 40, draws: 60, spacing: 1}
train: {lattice: 8, kappas: [0.269], models: [{dense: {latents: [4], hidden: 8}}], epochs: 1,
        batch: 16}
analyse: {draws: 5, directions: 2}
"""
INHERITED = {
    'MPLBACKEND': 'module://matplotlib_inline.backend_inline', 'MPLCONFIGDIR': '/proc/nowhere',
    'DISPLAY': ':77', 'PYTHONWARNINGS': 'error', 'PYTHONSTARTUP': '/nowhere',
    'PYTHONHASHSEED': '12', 'PYTHONOPTIMIZE': '2',
    'PYTHONIOENCODING': 'ascii', 'PYTHONUTF8': '0', 'LC_ALL': 'xx_YY', 'TERM': 'x', 'COLUMNS': 'x',
    'GLOO_SOCKET_IFNAME': 'ib7', 'NCCL_SOCKET_IFNAME': 'ib9', 'MASTER_ADDR': 'nowhere',
    'MASTER_PORT': 'x',
    'WORLD_SIZE': '7', 'RANK': '3', 'LOCAL_RANK': '9', 'TORCH_LOGS': 'x',
    'TORCH_DISTRIBUTED_DEBUG': 'x',
    'TORCHINDUCTOR_COMPILE_THREADS': 'x', 'COMPILE_STROBELIGHT_SAMPLE_RATE': 'x',
    'CUDA_VISIBLE_DEVICES': 'x',
    'HDF5_VDS_PREFIX': '/nowhere', 'HDF5_VOL_CONNECTOR': 'x', 'HDF5_DRIVER': 'x',
    'OMP_PLACES': 'x', 'GOMP_CPU_AFFINITY': 'x', 'KMP_AFFINITY': 'x', 'MKL_NUM_THREADS': 'x',
    'SCIPY_ARRAY_API': 'x', 'NPY_DISABLE_CPU_FEATURES': 'x', 'SLURM_PROCID': '', 'PMI_RANK': 'x',
    'XDG_CACHE_HOME': ''}


@pytest.fixture(scope='module')
def deck(tmp_path_factory):
    """Return the path of a small deck whose title is no ASCII."""
    path = tmp_path_factory.mktemp('deck') / 'small.yaml'
    path.write_text(f'title: Füllung\n{DECK}', encoding='utf-8')
    return path


def run(ranks, deck, out, environment):
    start = ['bash', '-c',
             '. jobs/mpienv.sh && exec env "${@:2}" mpirun -n "$1" ' + sys.executable +
             f' -m mpi4py -m phi4hpc run {deck} --out {out}', 'mpirun', str(ranks)]
    inherited = [f'{name}={value}' for name, value in environment.items()]
    names = {name: ENVIRONMENT[name] for name in ENVIRONMENT
             if name not in ('HOME', 'USER', 'LOGNAME')}
    return subprocess.run([*start, *inherited], cwd=ROOT, env=names, capture_output=True, text=True,
                          timeout=300)


@pytest.mark.long
def test_a_study_does_not_depend_on_the_shell_that_starts_it(deck, tmp_path):
    done = run(2, deck, tmp_path / 'run', INHERITED)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count('GLOO_SOCKET_IFNAME=ib7') == 1
    assert done.stderr.index('GLOO_SOCKET_IFNAME=ib7') < done.stderr.index('sample: ')
    assert 'Traceback' not in done.stderr
    assert 'Füllung' in (tmp_path / 'run/report.html').read_text(encoding='utf-8')
    assert list(json.loads((tmp_path / 'run/stages.json').read_text()))[-1] == 'report'
    assert os.listdir(tmp_path / 'run/figures')
