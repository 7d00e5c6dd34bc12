"""What all tests share: which of them a run takes, the devices, and a way to start mpirun.

pytest-mpi gives the marker `mpi`, the option --with-mpi and a folder that all ranks see.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# From before any test imports MPI, which leaves marks in the environment that keep mpirun from
# starting.
ENVIRONMENT = {**os.environ, 'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}'}


@pytest.fixture(autouse=True)
def _log_that_was_not_started():
    """Begin with a log as it is before a run.

    pytest adds its handler to one that an earlier test has started, and what is read from it would
    then be there twice.
    """
    from phi4hpc.logs import log

    log.handlers.clear()
    log.propagate = True
    log.setLevel(0)


@pytest.fixture(scope='session', params=['host', pytest.param('cuda', marks=pytest.mark.cuda)])
def device(request):
    """Return each device in turn, for what holds on both; skipped, with the reason, without one."""
    from phi4hpc.device.choose import choose
    from phi4hpc.device.cuda import gpu_missing

    if request.param == 'cuda' and (reason := gpu_missing()):
        pytest.skip(reason)
    return choose(request.param)[0]


@pytest.fixture
def pretended(monkeypatch):
    """Return the device of a GPU that runs on the CPU, by a stand-in for CuPy."""
    from phi4hpc.device import cuda

    monkeypatch.syspath_prepend(ROOT / 'tests' / 'pretend')
    for name in ('cupy', 'cupyx'):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield cuda.require()
    for name in ('cupy', 'cupyx'):
        sys.modules.pop(name, None)


@pytest.fixture
def kernel_folder(tmp_path, monkeypatch):
    """Return a copy of the folder of kernels, to add to or to break.

    It is compiled in place of the package's own.

    What the host compiles from it stays out of the cache, which would never find it again.
    """
    from phi4hpc.device import compiler, source

    folder = shutil.copytree(source.FOLDER, tmp_path / 'kernels')
    monkeypatch.setattr(source, 'FOLDER', folder)
    monkeypatch.setattr(compiler, 'cache_folder', lambda: tmp_path)
    return folder


@pytest.fixture(scope='session')
def mygroup(tmp_path_factory):
    """Write the files of docs/extending.md to a folder in which Python finds them."""
    from tests.documents import files

    folder = tmp_path_factory.mktemp('user')
    for name, text in files('docs/extending.md').items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield


def pytest_collection_modifyitems(config, items):
    """Leave out, uncounted, what this run is not for, and begin with the tests that take longest.

    A serial run takes the serial tests, a run --with-mpi those marked mpi that its ranks suffice
    for; tests marked long or slurm are taken where -m names marks. Several processes end at about
    the same time where files of jobs come before all others.
    """
    ranks, chosen = world_size() if config.getoption('--with-mpi') else 0, config.getoption('-m')
    taken, left = [], []
    for item in items:
        (taken if belongs(item, ranks, bool(chosen)) else left).append(item)
    config.hook.pytest_deselected(items=left)
    items[:] = sorted(taken, key=lambda item: not starts_jobs(item))


def belongs(item, ranks, marks_are_chosen):
    """Return whether a run on `ranks` ranks, 0 for a serial one, takes the test `item`."""
    mpi = item.get_closest_marker('mpi')
    suits = (mpi is None if ranks == 0
             else mpi is not None and ranks >= mpi.kwargs.get('min_size', 1))
    return suits and (marks_are_chosen
                      or not {'long', 'slurm'} & {mark.name for mark in item.iter_markers()})


def starts_jobs(item):
    return item.path.relative_to(ROOT).parts[1] in ('launch', 'slurm')


def world_size():
    from mpi4py import MPI

    return MPI.COMM_WORLD.size


@pytest.fixture(scope='session')
def mpirun():
    """Return a function that runs `mpirun -n ranks python args` and gives the CompletedProcess."""

    def run(ranks, *args, timeout=300):
        start = ['bash', '-c', '. jobs/mpienv.sh && exec mpirun -n "$@"', 'mpirun', str(ranks)]
        return subprocess.run([*start, sys.executable, *map(str, args)], cwd=ROOT, env=ENVIRONMENT,
                              capture_output=True, text=True, timeout=timeout)

    return run
