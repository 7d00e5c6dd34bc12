"""What becomes of each command of the documents: it is typed by a test, or left out for a reason.

`Typed` lines are typed in a folder like a checkout, in the order in which they stand there, with
words behind them that make a run short. launch/test_typed.py types them all, unit/test_typed.py
those that are quick, and fails where a document has a line that is not here.
"""

import os
import re
import shutil
import subprocess
from typing import NamedTuple

from phi4hpc.cli.parser import COMMANDS
from tests.conftest import ENVIRONMENT, ROOT
from tests.documents import commands


class Typed(NamedTuple):
    """A line that is typed, with `words` behind it, and ends with one of the statuses `ends`.

    A quick one needs neither a run nor more than a moment.
    """

    words: str = ''
    ends: tuple[int, ...] = (0,)
    quick: bool = False


QUICK = Typed(quick=True)
FEW_MEANS = (0, 1)
"""How `phi4hpc compare` may end: means of runs as short as these need not agree."""
QUICKSTART = Typed('lattice.sizes=[16,32] ladder.kappas=[0.26,0.269,0.278] '
                   'sample.thermalisation=100 train.epochs=1 analyse.draws=16')
CRITICAL_QUICK = Typed('lattice.sizes=[16,24,32] ladder.chains=2 sample.draws=500 sample.fields=50')
CRITICAL = Typed('lattice.sizes=[16,24,32] sample.draws=500 sample.fields=50')
BLOCKSPIN = Typed('sample.thermalisation=100 sample.draws=320 train.epochs=1 analyse.draws=16')
FLOW = Typed('lattice.sizes=[32,64] flow.lattices=[64] sample.thermalisation=100 sample.draws=160 '
             'analyse.draws=8')
SHORT_FLOW = Typed(f'{FLOW.words} train.epochs=1 train.seeds=1')
MYSTUDY = Typed('lattice.sizes=[16,32] ladder.kappas=[0.266,0.269,0.272] sample.thermalisation=20 '
                '"train.kappas=[0.269]" "train.models=[{fourier: {latents: [5]}}]" train.lattice=32'
                ' train.epochs=1 analyse.draws=16')
ENERGY = Typed(f'{MYSTUDY.words} measure.observables=[mygroup.energy]')
BENCH = Typed('--seconds 0.05')
SLURM = 'typed by slurm/test_pipeline.py, to a real Slurm'
FULL_LENGTH = 'typed by launch/test_quickstart.py, at its full length'
SITE = 'needs a registry of packages that no test reaches; unit/test_packaging.py has its parts'
INSTALLS = 'would change the environment of the tests'
SITE_BUILT = 'typed by unit/test_documents.py'
H5DUMP = 'typed by unit/test_docs.py, where there is an h5dump'
TESTS = 'would run the tests within a test'

LINES: dict[str, dict[str, Typed | str]] = {
    'docs/tutorial.md': {
        'jobs/run.sh input/quickstart.yaml': QUICKSTART,
        '. .venv/bin/activate': QUICK,
        'phi4hpc status runs/quickstart --watch': Typed(),
        'phi4hpc report input/quickstart.yaml --open': QUICKSTART,
        'jobs/run.sh input/quickstart.yaml sample.draws=2000':
            QUICKSTART._replace(words=f'{QUICKSTART.words} --changed'),
        'jobs/run.sh input/quickstart.yaml seed=2 --out runs/quickstart-2': QUICKSTART,
        'phi4hpc compare runs/quickstart runs/quickstart-2 --out runs/compared':
            Typed(ends=FEW_MEANS),
        'phi4hpc check input/critical_quick.yaml action.lambda=1': QUICK,
        'jobs/run.sh input/critical_quick.yaml action.lambda=1 --out runs/critical-1':
            CRITICAL_QUICK,
        'jobs/run.sh input/blockspin.yaml': 'typed with docs/results.md',
        'phi4hpc init mystudy': QUICK,
        'phi4hpc check mystudy.yaml': QUICK,
        'phi4hpc run mystudy.yaml': MYSTUDY},
    'README.md': {
        'jobs/run.sh input/quickstart.yaml      # runs a first study: two or three minutes on two '
        'cores': FULL_LENGTH,
        'jobs/test.sh                           # runs every test: some ten minutes': TESTS,
        'jobs/run.sh DECK [--ranks N] [--out DIR] [key=value ...]     # such as sample.draws=5000':
            'a synopsis; unit/test_jobs.py tries its words',
        'slurm/pipeline.sh input/talk.yaml': SLURM,
        'phi4hpc status DIR --watch': Typed(),
        'phi4hpc verify DIR': Typed(),
        'phi4hpc report DECK --restart':
            Typed(f'{QUICKSTART.words} sample.draws=2000'),
        'phi4hpc init': QUICK,
        'phi4hpc check DECK': QUICK,
        'phi4hpc compare RUN RUN': Typed(ends=FEW_MEANS),
        'phi4hpc export RUN FILE': Typed('--lattice 16')},
    'docs/cluster.md': {
        'slurm/pipeline.sh input/talk.yaml --out /scratch/me/talk': SLURM,
        'phi4hpc check input/talk.yaml --ranks 64 --stage sample': QUICK,
        'phi4hpc check input/talk.yaml --ranks 16 --stage train': QUICK,
        'phi4hpc status DIR': Typed(),
        'phi4hpc verify DIR': Typed(),
        'phi4hpc info': QUICK},
    'docs/data.md': {
        'phi4hpc export RUN FILE': 'typed with README.md',
        'h5dump -d /L032/committed runs/quickstart/ensembles.h5': H5DUMP,
        'h5dump -d /L032/hopping -s 11,0,0 -c 1,1,5 runs/quickstart/ensembles.h5': H5DUMP,
        'h5dump -p -H -d /L032/phi runs/quickstart/ensembles.h5': H5DUMP},
    'docs/results.md': {
        'jobs/run.sh input/critical_quick.yaml': CRITICAL_QUICK,
        'jobs/run.sh input/critical.yaml': CRITICAL,
        'jobs/run.sh input/critical_quick.yaml action.lambda=1 --out runs/critical_quick-1':
            CRITICAL_QUICK,
        'jobs/run.sh input/quickstart.yaml': FULL_LENGTH,
        'jobs/run.sh input/blockspin.yaml': BLOCKSPIN,
        "jobs/run.sh input/blockspin.yaml --out runs/blockspin-0.02 action.lambda=0.02 "
        "'ladder.kappas=[0.26952]' 'train.kappas=[0.26952]' "
        "'report.beside=[runs/blockspin, runs/blockspin-0.1]'": BLOCKSPIN,
        "jobs/run.sh input/blockspin.yaml --out runs/blockspin-0.1 action.lambda=0.1 "
        "'ladder.kappas=[0.30323]' 'train.kappas=[0.30323]'": BLOCKSPIN,
        'jobs/run.sh input/blockspin.yaml --out runs/blockspin-seeds train.seeds=3': BLOCKSPIN,
        'jobs/run.sh input/noise.yaml': BLOCKSPIN,
        'jobs/run.sh input/noise.yaml --out runs/noise-0.1 action.lambda=0.1 '
        "'ladder.kappas=[0.30323]' 'train.kappas=[0.30323]'": BLOCKSPIN,
        'jobs/run.sh input/noise.yaml --out runs/noise-seeds train.surrogate=false train.seeds=3':
            BLOCKSPIN,
        'jobs/run.sh input/noise.yaml --out runs/noise-256 train.surrogate=false train.seeds=2 '
        "'train.models=[{convolutional: {block: 2, costs: [{latent_noise: {width: 0.3}}]}}]'":
            BLOCKSPIN,
        'jobs/run.sh input/noise.yaml --out runs/noise-0.02 action.lambda=0.02 '
        "'ladder.kappas=[0.26952]' 'train.kappas=[0.26952]'": BLOCKSPIN,
        'jobs/run.sh input/flow.yaml': SHORT_FLOW,
        'jobs/run.sh input/flow.yaml --out runs/flow-40 train.epochs=40 train.seeds=2': FLOW,
        'jobs/run.sh input/flow.yaml --out runs/flow-noise train.epochs=40 train.seeds=1 '
        "'train.costs=[{latent_noise: {width: 0.3}}]'": FLOW,
        'jobs/run.sh input/flow.yaml --out runs/flow-0.02 action.lambda=0.02 train=null '
        "'ladder.kappas=[0.2687, 0.26952, 0.2703]' 'flow.kappas=[0.2687, 0.26952, 0.2703]' "
        "'flow.blocks=[{kadanoff: {}}, {zone: {}}, {majority: {}}]'": Typed(FLOW.words.replace(
            'analyse.draws=8', '')),
        'phi4hpc compare runs/blockspin runs/blockspin-2':
            'names a run of the reader; the tutorial has such a line, which is typed'},
    'docs/flow.md': {'jobs/run.sh input/flow.yaml': 'typed with docs/results.md'},
    'docs/howto.md': {
        'phi4hpc init mystudy --all': QUICK,
        'phi4hpc check mystudy.yaml --ranks 8': QUICK,
        'phi4hpc run mystudy.yaml sample.draws=2000 seed=7 --out runs/mystudy-7': MYSTUDY,
        'phi4hpc run mystudy.yaml sample.draws=2000 seed=7 ladder.chains=4 --out runs/mystudy-7 '
        '--changed': MYSTUDY,
        'eval "$(phi4hpc completion bash)"': QUICK,
        'eval "$(phi4hpc completion zsh)"': 'typed by unit/test_completion.py, in a zsh',
        'jobs/run.sh input/critical_quick.yaml action.lambda=0.5 --out runs/critical-0.5':
            CRITICAL_QUICK,
        'phi4hpc bench sampler --sizes 16 32': BENCH,
        'phi4hpc run mystudy.yaml --changed': ENERGY,
        'slurm/pipeline.sh mystudy.yaml --out /scratch/me/mystudy': SLURM,
        "pip install 'phi4hpc[gpu]'": INSTALLS,
        'phi4hpc info': QUICK,
        'phi4hpc bench sampler --device cuda': 'needs a GPU; jobs/gpu_check.sh has it',
        'phi4hpc run mystudy.yaml device=cuda': 'needs a GPU; jobs/gpu_check.sh has such a run',
        'touch runs/mystudy/STOP': Typed(),
        'phi4hpc run mystudy.yaml --walltime 1:30:00': ENERGY,
        'phi4hpc report mystudy.yaml --restart': ENERGY,
        'phi4hpc train mystudy.yaml --restart': ENERGY,
        'phi4hpc run mystudy.yaml --restart': MYSTUDY,
        'cp -a runs/mystudy /archive/mystudy': Typed(),
        'phi4hpc verify /archive/mystudy': Typed(),
        'phi4hpc verify runs/mystudy': Typed(),
        'phi4hpc compare runs/mystudy runs/mystudy-7 --out runs/compared': Typed(ends=FEW_MEANS),
        'phi4hpc export runs/mystudy draws.nc --lattice 32 --kappas 0.269 --every 10': Typed(),
        'phi4hpc export runs/mystudy draws.npz --lattice 32': Typed(),
        'phi4hpc export runs/mystudy draws.zarr': Typed(),
        'phi4hpc export runs/mystudy means.json.gz': Typed(),
        'phi4hpc init mystudy': QUICK,
        'phi4hpc schema': QUICK},
    'docs/performance.md': dict.fromkeys(
        ('phi4hpc bench sampler', 'phi4hpc bench latent', 'phi4hpc bench train'), BENCH) | {
        'phi4hpc bench storage': Typed('--megabytes 4')},
    'docs/physics.md': {'phi4hpc convert hopping 0.26955 0.02': QUICK},
    'CONTRIBUTING.md': {
        'jobs/setup.sh': Typed(),
        'jobs/test.sh': TESTS,
        '. .venv/bin/activate': QUICK,
        'python -m pytest tests/unit/test_observables.py': Typed(),
        'mpirun -n 2 python tests/ranks.py tests/mpi/test_sampler.py': Typed(),
        'ruff check': QUICK,
        'phi4hpc schema > input/deck.schema.json': QUICK,
        'python tests/compare_runs.py runs/before runs/after': Typed(),
        'phi4hpc compare runs/before runs/after': Typed(ends=FEW_MEANS),
        "pip install -e '.[docs]'": INSTALLS,
        'mkdocs build': SITE_BUILT,
        'phi4hpc init': QUICK},
    'docs/packaging.md': {
        'pip wheel . --no-deps -w dist': SITE,
        'MPICC=mpicc pip install --no-binary=mpi4py mpi4py': SITE,
        'CC=mpicc HDF5_MPI=ON HDF5_DIR=/path/of/parallel/hdf5 pip install --no-binary=h5py h5py':
            SITE,
        'pip install dist/phi4hpc-0.1.0-py3-none-any.whl': SITE,
        'phi4hpc info': QUICK,
        'phi4hpc init': QUICK,
        'pip install torch --index-url https://download.pytorch.org/whl/cpu': SITE,
        'conda env create -f packaging/environment.yml': SITE,
        'conda activate phi4hpc': SITE,
        'spack develop --path . py-phi4hpc@main': SITE,
        'spack install': SITE,
        'pip install pyerrors pymbar latex2mathml pypdf zlib-ng array-api-compat': SITE,
        'apptainer build phi4hpc.sif packaging/phi4hpc.def': SITE,
        'apptainer run phi4hpc.sif check input/quickstart.yaml': SITE,
        'mpirun -n 64 apptainer run phi4hpc.sif run input/quickstart.yaml': SITE}}
"""Each document with its lines, in the order in which one would type them."""
NAMED = {'DIR': 'runs/quickstart', 'RUN RUN': 'runs/quickstart runs/quickstart-2',
         'RUN': 'runs/quickstart', 'DECK': 'input/quickstart.yaml', 'FILE': 'draws.npz'}
"""What is typed for the names of a synopsis."""


def lines(document):
    """Return the lines of a document, each with blanks in one, but for those before a comment.

    Where it only names a command that takes further words, as in `phi4hpc check`, nothing is typed.
    """
    found = [line if '#' in line else ' '.join(line.split()) for line in commands(document)]
    return [line for line in found if not names_a_command(line)]


def names_a_command(line):
    words = line.split()
    alone = {'init', 'schema', 'info'}                    # do something without further words
    return len(words) == 2 and words[0] == 'phi4hpc' and words[1] in COMMANDS.keys() - alone


def checkout(folder):
    """Make a folder as it is after a clone, with an environment, files of a user and room for
    copies; its scripts are those of this checkout, which keep to the environment of the tests."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(
        '.*', 'runs', 'logs', 'site', 'build', '*.egg-info', '__pycache__'))
    (folder / '.venv').symlink_to(environment()['VENV'])
    for script in [*folder.glob('jobs/*.sh'), *folder.glob('slurm/*.sh')]:
        script.write_text(f'#!/bin/sh\nexec {ROOT / script.relative_to(folder)} "$@"\n')
    (folder / 'archive').mkdir()
    return folder


def environment():
    """Return the variables with which lines are typed: no browser, and the environment of the
    tests."""
    venv = os.environ.get('VENV') or os.environ.get('VIRTUAL_ENV') or str(ROOT / '.venv')
    return {**ENVIRONMENT, 'VENV': os.path.abspath(venv), 'PYTHONPATH': str(ROOT),
            'BROWSER': 'true'}


def type_line(line, typed, folder, **variables):
    """Type a line of a document in a folder, and return how it ended: (status, all that it said).

    Folders of other disks are taken to lie in this one; a deck that is begun replaces that of an
    earlier line.
    """
    if line.startswith('phi4hpc init'):
        for begun in folder.glob('*.yaml'):
            begun.unlink()
    for name, meant in NAMED.items():
        line = re.sub(rf'\b{name}\b', meant, line)
    line = re.sub(' /(archive|scratch)/', r' \1/', line)
    done = subprocess.run(['bash', '-c', f'. {ROOT}/jobs/mpienv.sh; {line} {typed.words}'],
                          cwd=folder, env=environment() | variables, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout
