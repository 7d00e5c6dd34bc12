"""The scripts under jobs/ and slurm/: what they say before anything is installed or run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phi4hpc.device.cuda import gpu_missing

ROOT = Path(__file__).parents[2]


def run(script, *words, **environment):
    return subprocess.run([ROOT / script, *words], env={**os.environ, **environment},
                          capture_output=True, text=True)


@pytest.mark.parametrize('script', ['jobs/run.sh', 'slurm/pipeline.sh'])
def test_help_tells_the_words(script):
    done = run(script, '--help')
    assert done.returncode == 0
    assert f'{script} DECK' in done.stdout


@pytest.mark.parametrize('script', ['jobs/run.sh', 'slurm/pipeline.sh'])
@pytest.mark.parametrize(('words', 'said'), [
    ([], 'expected a deck'),
    (['a.yaml', '--out'], '--out: expected'),
    (['a.yaml', '--outt', 'x'], '--outt: no such option'),
    (['a.yaml', 'b.yaml'], 'expected one deck'),
], ids=['no deck', 'no value', 'misspelt', 'two decks'])
def test_a_mistake_is_told_in_one_line(script, words, said):
    done = run(script, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count('\n') == 1


def words(*given, folder):
    """Return (deck, overrides) as jobs/words.sh takes words that are not options, or its words."""
    script = (f'. {ROOT}/jobs/words.sh; for word in "$@"; do take "$word"; done; '
              'echo "$deck"; printf "%s\\n" "${overrides[@]}"')
    done = subprocess.run(['bash', '-c', script, f'{ROOT}/jobs/run.sh', *given], cwd=folder,
                          capture_output=True,
                          text=True)
    deck, *overrides = done.stdout.splitlines() or ['']
    return done.stderr or (deck, [word for word in overrides if word])


@pytest.mark.parametrize(('given', 'deck', 'overrides'), [
    (['d/phi=0.27.yaml'], 'd/phi=0.27.yaml', []),
    (['d/phi=0.27.yaml', 'seed=1'], 'd/phi=0.27.yaml', ['seed=1']),
    (['seed=1', 'd/phi=0.27.yaml'], 'd/phi=0.27.yaml', ['seed=1']),
    (['kappa=0.27.yaml', 'seed=1'], 'kappa=0.27.yaml', ['seed=1']),
    (['./kappa=0.27.yaml', 'title=a/b'], './kappa=0.27.yaml', ['title=a/b']),
    (['missing/a=b.yaml'], 'missing/a=b.yaml', []),
    (['seed=1', 'plain.yaml', 'title=x y'], 'plain.yaml', ['seed=1', 'title=x y']),
])
def test_the_path_of_a_deck_may_hold_an_equals_sign(tmp_path, given, deck, overrides):
    (tmp_path / 'd').mkdir()
    for name in 'd/phi=0.27.yaml', 'kappa=0.27.yaml', 'plain.yaml':
        (tmp_path / name).touch()
    assert words(*given, folder=tmp_path) == (deck, overrides)


def test_two_decks_with_equals_signs_are_a_mistake(tmp_path):
    assert 'a/x=1, b/y=2: expected one deck' in words('a/x=1', 'b/y=2', folder=tmp_path)


def ending(code, kills):
    """Return how jobs/mpienv.sh tells of an exit status after `kills` kills for lack of memory."""
    script = (f'. {ROOT}/jobs/mpienv.sh; '
              f'memory_kills() {{ echo "$((memory_kills_before + {kills}))"; }}; ending {code}')
    return subprocess.run(['bash', '-c', script], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(('code', 'kills', 'said'), [
    (75, 0, 'stopped; the same command goes on'), (1, 0, 'the run ended with exit status 1'),
    (137, 1, 'the system killed a rank for want of memory: start fewer ranks'),
    (9, 1, 'the system killed a rank for want of memory: start fewer ranks'),
    (137, 0, 'a rank was killed (signal KILL), by hand or for want of memory'),
    (139, 0, 'the run ended with exit status 139, by signal SEGV')])
def test_how_a_run_ended_is_told_in_words(code, kills, said):
    assert ending(code, kills).startswith(said)
    assert ending(code, kills).count('\n') == 1


@pytest.mark.parametrize('script', ['jobs/run.sh', 'slurm/pipeline.sh'])
def test_a_script_whose_streams_are_closed_still_ends_as_it_should(script):
    done = subprocess.run(['bash', '-c', f'{ROOT / script} <&- >&- 2>&-'],
                          capture_output=True, text=True)
    assert done.returncode == 2


@pytest.fixture
def setup(tmp_path):
    """Return a function that runs a copy of jobs/setup.sh.

    It leaves this checkout's log and environment alone.
    """
    shutil.copytree(ROOT / 'jobs', tmp_path / 'copy/jobs')
    return lambda **environment: run(tmp_path / 'copy/jobs/setup.sh',
                                     **{'PHI4HPC_ROUTE': 'pip'} | environment)


def test_a_python_that_is_too_old_is_told(setup, tmp_path):
    old = tmp_path / 'python3.10'
    old.write_text('#!/bin/sh\ncase "$2" in *version_info*) exit 1 ;; *) echo 3.10.12 ;; esac\n')
    old.chmod(0o755)
    done = setup(VENV=str(tmp_path / 'venv'), PYTHON=str(old))
    assert done.returncode == 1
    assert 'python3.10 is 3.10.12, expected Python 3.11 or newer' in done.stderr


def test_what_is_no_python_is_told(setup, tmp_path):
    done = setup(VENV=str(tmp_path / 'venv'), PYTHON='false')
    assert done.returncode == 1
    assert 'false is no Python, expected Python 3.11 or newer' in done.stderr


@pytest.mark.parametrize(('environment', 'said'), [
    ({'PHI4HPC_ROUTE': 'modules', 'MPICC': 'no-such-mpicc'},
     'route modules: no no-such-mpicc on PATH'),
    ({'PHI4HPC_ROUTE': 'modules', 'MPICC': 'no-such-ccache mpicc'},
     'route modules: no no-such-ccache on PATH'),
    ({'PHI4HPC_ROUTE': 'ferry'}, 'PHI4HPC_ROUTE=ferry: expected modules, system or pip'),
], ids=['no compiler wrapper', 'no first word of it', 'no such route'])
def test_a_route_that_cannot_be_taken_is_told(setup, tmp_path, environment, said):
    done = setup(VENV=str(tmp_path / 'venv'), **environment)
    assert done.returncode == 1
    assert said in done.stderr
    assert done.stderr.count('\n') == 1


def test_a_folder_of_other_things_is_not_made_an_environment(setup, tmp_path):
    (tmp_path / 'thesis').mkdir()
    (tmp_path / 'thesis/intro.tex').touch()
    done = setup(VENV=str(tmp_path / 'thesis'))
    assert done.returncode == 1
    assert 'holds other things' in done.stderr
    assert "the step 'virtual environment' failed" in done.stderr
    assert [path.name for path in (tmp_path / 'thesis').iterdir()] == ['intro.tex']


@pytest.mark.skipif(gpu_missing() is None, reason='there is a GPU')
def test_gpu_check_ends_with_a_line_and_a_failure_where_there_is_no_gpu(tmp_path):
    done = run('jobs/gpu_check.sh', tmp_path, PYTHON=sys.executable)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == 'gpu_check: no GPU'
    assert (tmp_path / 'table.txt').read_text() == done.stdout
