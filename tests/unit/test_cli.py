"""The command line: thin, quick to answer, and clear about mistakes, which it tells once."""

import math
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from phi4hpc import __version__, cli, errors
from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.world import RANK_SIZE
from phi4hpc.stages.table import NAMES

ROOT = Path(__file__).parents[2]
QUICKSTART = str(ROOT / 'input/quickstart.yaml')
TELL_HEAVY = """
import sys
from phi4hpc import cli
try:
    cli.main(sys.argv[1:])
except SystemExit:
    pass
print('heavy:', sorted({'numpy', 'torch', 'mpi4py', 'h5py'} & set(sys.modules)))
"""
RANKS = [name for pair in RANK_SIZE for name in pair if name]


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """Each test is a lone process, whatever started the tests, which signals still end."""
    for name in RANKS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(runcontrol, 'SIGNALS', {})


@pytest.fixture
def stages(monkeypatch):
    """Stand in for the stages, and remember what they were asked."""
    asked = []
    stand_in = types.ModuleType('phi4hpc.stages.runner')
    stand_in.run = lambda *args, **options: asked.append((args, options))
    monkeypatch.setitem(sys.modules, 'phi4hpc.stages.runner', stand_in)
    monkeypatch.setattr('phi4hpc.stages.runner', stand_in, raising=False)
    return asked


def fails(argv, capsys):
    """Return (exit code, stderr) of words that fail."""
    with pytest.raises(SystemExit) as stop:
        cli.main(argv)
    out, err = capsys.readouterr()
    assert out == ''
    return stop.value.code, err


@pytest.mark.parametrize('words', ['--help', '--version', 'run --help', 'bench --help', 'chek'])
def test_words_are_understood_without_numpy_torch_or_mpi(words):
    done = subprocess.run([sys.executable, '-c', TELL_HEAVY, *words.split()], cwd=ROOT,
                          capture_output=True,
                          text=True, check=True)
    assert done.stdout.splitlines()[-1] == 'heavy: []'


@pytest.mark.parametrize('words',
                         ['schema', f'check {QUICKSTART}', f'check {QUICKSTART} sample.drows=3'])
def test_a_deck_is_judged_without_torch_mpi_or_hdf5(words):
    """Also the settings of families and costs, though their files are loaded for that."""
    done = subprocess.run([sys.executable, '-c', TELL_HEAVY, *words.split()], cwd=ROOT,
                          capture_output=True,
                          text=True, check=True)
    assert done.stdout.splitlines()[-1] in ('heavy: []', "heavy: ['numpy']")


def test_version(capsys):
    with pytest.raises(SystemExit, match='0'):
        cli.main(['--version'])
    assert capsys.readouterr().out == f'phi4hpc {__version__}\n'


@pytest.mark.parametrize(('command', 'chosen'),
                         [('run', NAMES), *((name, (name,)) for name in NAMES)])
def test_a_command_asks_for_its_stages(stages, command, chosen):
    cli.main([command, QUICKSTART])
    (given, loaded, out), options = stages[0]
    assert given == chosen
    assert loaded.deck.lattice.sizes == [16, 32, 40]
    assert out == Path('runs/quickstart')
    assert isinstance(options.pop('signals'), runcontrol.Signals)
    assert options == {'restart': False, 'changed': False, 'walltime': math.inf}


def test_options_and_overrides_mix_in_any_order(stages):
    words = (f'run --out here {QUICKSTART} seed=7 --restart --walltime 1:00:30 sample.draws=50 '
             '--changed train=null')
    cli.main(words.split())
    (_, loaded, out), options = stages[0]
    assert (loaded.deck.seed, loaded.deck.sample.draws, loaded.deck.train) == (7, 50, None)
    assert out == Path('here')
    assert (options['restart'], options['changed'], options['walltime']) == (True, True, 3630)


@pytest.mark.parametrize(('words', 'seconds'), [
    ('90', 90), ('1:30', 90), ('1:00:30', 3630), ('26:00:00', 93600), ('1-0', 86400),
    ('1-06', 108000),
    ('1-06:30', 109800), ('1-00:00:00', 86400), ('0-00:00:10', 10)])
def test_a_walltime_may_be_written_as_slurm_writes_it(stages, words, seconds):
    cli.main(['run', QUICKSTART, '--walltime', words])
    assert stages[0][1]['walltime'] == seconds


@pytest.mark.parametrize(('words', 'said'), [
    ('', 'expected a command first'),
    ('chek', 'chek: unknown command; did you mean check?'),
    ('xyzzy', 'xyzzy: unknown command; expected one of run, sample,'),
    ('--bogus', 'unrecognized arguments: --bogus'),
    ('run', 'required: DECK;'),
    ('run --bogus deck.yaml', 'unrecognized arguments: --bogus'),
    ('run deck.yaml --res', 'unrecognized arguments: --res'),
    ('run deck.yaml --resart', 'did you mean --restart?'),
    ('run deck.yaml --ranks 3', 'ranks are started by `mpirun -n N phi4hpc run ...`'),
    ('check deck.yaml --rank 3', 'did you mean --ranks?'),
    ('run deck.yaml --out', 'argument --out: expected one argument'),
    *((f'run deck.yaml --walltime {odd}',
       f'expected seconds, minutes:seconds, hours:minutes:seconds, or '
       f'days-hours[:minutes[:seconds]], got {odd!r}')
      for odd in ('soon', '0', '1:2:3:4', '1:', '-1', '1-', '1-2-3', '0-0:0:0', '1.5',
                  '1-00:00:00:00', '1d',
                  '9' * 5000, 'infinite', '\u0663')),
    ('check deck.yaml --ranks none', "argument --ranks: expected a whole number >= 1, got 'none'"),
    *((f'bench sampler --sizes 32 {odd}',
       f"argument --sizes: expected an even number from 2 to 16384, got '{odd}'")
      for odd in ('0', '33', '-2', '16386', 'wide')),
    *((f'bench sampler --seconds {odd}',
       f"argument --seconds: expected seconds above 0 and at most 3600, got '{odd}'")
      for odd in ('0', 'nan', 'inf', 'long')),
    ('bench storage --in nowhere',
     "argument --in: expected a folder that is there, got 'nowhere'"),
    ('init nowhere/', "argument NAME: expected the name of a file, got 'nowhere/'"),
    ('bench samplr', "invalid choice: 'samplr'"),
    ('info more', 'unrecognized arguments: more'),
])
def test_a_mistake_is_one_line_with_code_2(words, said, capsys):
    code, err = fails(words.split(), capsys)
    assert code == 2
    assert err.startswith('phi4hpc: ')
    assert said in err
    assert err.count('\n') == 1


@pytest.mark.parametrize('command', ['run', 'check', 'report'])
def test_faults_of_a_deck_are_told_a_line_each_with_code_2(command, capsys):
    code, err = fails([command, QUICKSTART, 'seed=x', 'sede=1'], capsys)
    assert code == 2
    assert err.splitlines() == ['phi4hpc: 2 faults in the deck, nothing was done',
                                "command line: seed=x: expected a whole number from 0 to "
                                "4294967295, got 'x'",
                                'command line: sede=1: unknown key; did you mean seed?']


@pytest.mark.parametrize('variable', ['OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'SLURM_PROCID'])
@pytest.mark.parametrize('words', ['chek', '--help', '--version', 'run --help', 'schema',
                                   'check nowhere.yaml', f'check {QUICKSTART}'])
def test_other_ranks_are_silent(words, variable, monkeypatch, capsys):
    def code():
        try:
            return cli.main(words.split())
        except SystemExit as stop:
            return stop.code

    first, spoken = code(), capsys.readouterr()
    monkeypatch.setenv(variable, '1')
    assert code() == first
    assert any(spoken)
    assert capsys.readouterr() == ('', '')


def test_one_rank_tells_of_the_machine(monkeypatch):
    told = []
    stand_in = types.ModuleType('phi4hpc.info')
    stand_in.main = lambda: told.append(1)
    monkeypatch.setitem(sys.modules, 'phi4hpc.info', stand_in)
    monkeypatch.setattr('phi4hpc.info', stand_in, raising=False)
    for rank in '012':
        monkeypatch.setenv('OMPI_COMM_WORLD_RANK', rank)
        cli.main(['info'])
    assert told == [1]


def test_check_tells_the_plan(capsys):
    cli.main(['check', QUICKSTART, '--ranks', '3', 'train=null'])
    out = capsys.readouterr().out
    assert 'no fault' in out
    assert 'ranks     3, which share the 138 replicas (3 lattices x 2 chains x 23 kappas)' in out
    assert 'models    none' in out


def test_check_refuses_more_ranks_than_replicas(capsys):
    assert fails(['check', QUICKSTART, '--ranks', '139'], capsys)[0] == 1


def test_a_small_deck_on_many_cores_is_no_fault(monkeypatch, capsys):
    monkeypatch.setattr(os, 'sched_getaffinity', lambda pid: set(range(1000)))
    cli.main(['check', QUICKSTART])
    assert 'ranks     32, ' in capsys.readouterr().out


@pytest.mark.parametrize(('error', 'code', 'said'), [
    (errors.UserError('no room: free some'), 1, 'phi4hpc: no room: free some\n'),
    (errors.UsageError('odd'), 2, 'phi4hpc: odd\n'),
    (KeyboardInterrupt(), 130, ''),
])
def test_a_failure_of_the_stages_ends_with_its_code_and_no_traceback(error, code, said,
                                                                     monkeypatch, capsys):
    def fail(*_):
        raise error

    monkeypatch.setattr(cli.commands, '_run', fail)
    assert fails(['run', QUICKSTART], capsys) == (code, said)


def test_a_reader_that_leaves_early_sees_no_traceback():
    done = subprocess.run(f'set -o pipefail; {sys.executable} -m phi4hpc schema | true',
                          shell=True, cwd=ROOT,
                          executable='/bin/bash', capture_output=True, text=True, check=False)
    assert done.stderr == ''


def test_bench_passes_its_options_on(monkeypatch):
    asked = []
    stand_in = types.ModuleType('phi4hpc.bench.sampler')
    stand_in.main = lambda *args: asked.append(args)
    monkeypatch.setitem(sys.modules, 'phi4hpc.bench.sampler', stand_in)
    monkeypatch.setattr('phi4hpc.bench.sampler', stand_in, raising=False)
    options = ('--sizes 32 64 --precisions float64 --device host --seconds 0.5 --decorrelation '
               '--json')
    cli.main(['bench', 'sampler', *options.split()])
    cli.main(['bench', 'sampler'])
    assert asked == [([32, 64], ['float64'], 'host', 0.5, True, True),
                     ([32, 64, 128, 256], ['float32', 'float64'], 'auto', 1.0, False, False)]


@pytest.mark.parametrize(('there', 'said'), [(True, ''), (False, 'no browser is found here')])
def test_the_page_is_opened_once_it_is_there(there, said, stages, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr('webbrowser.open', lambda page: opened.append(page) or there)
    cli.main(['report', QUICKSTART, '--out', '/tmp/a run', '--open'])
    assert len(stages) == 1
    assert opened == ['file:///tmp/a%20run/report.html']
    assert said in capsys.readouterr().out
