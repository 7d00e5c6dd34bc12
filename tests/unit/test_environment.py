"""What a process inherits: closed streams, other programs' settings, warnings that are errors."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from phi4hpc import environment

ROOT = Path(__file__).parents[2]
CHECK = [sys.executable, '-m', 'phi4hpc', 'check', str(ROOT / 'input/quickstart.yaml')]


@pytest.fixture
def settled(monkeypatch):
    """Return a function that gives the variables that are left of some after `settle`."""

    def variables_left(**inherited):
        monkeypatch.setattr(os, 'environ', inherited)
        environment.settle()
        return inherited

    return variables_left


def shell(command, **inherited):
    """Run a shell's command in which "$@" is `phi4hpc check` of a sound deck."""
    return subprocess.run(['bash', '-c', command, 'check', *CHECK], cwd=ROOT, capture_output=True,
                          text=True, env={**os.environ, **inherited})


@pytest.mark.parametrize(('name', 'given', 'expected'), [
    ('MPLBACKEND', 'module://matplotlib_inline.backend_inline', 'agg'),
    ('MPLCONFIGDIR', '/proc/nowhere', None),
    ('HDF5_USE_FILE_LOCKING', 'BEST_EFFORT', 'FALSE'),
    ('HDF5_VDS_PREFIX', '/elsewhere', None),
    ('TORCH_LOGS', 'everything', None),
    ('TORCHINDUCTOR_WORKER_START', 'x', None),
    ('GOMP_CPU_AFFINITY', 'x', None),
    ('OMP_NUM_THREADS', '', '1'), ('OMP_NUM_THREADS', 'many', '1'), ('OMP_NUM_THREADS', '-3', '1'),
    ('OMP_NUM_THREADS', '4', '4'), ('OMP_NUM_THREADS', '2,1', '2,1'),
    ('NCCL_IB_HCA', 'mlx5', 'mlx5'), ('PATH_OF_MY_OWN', 'x', 'x'),
])
def test_variables_for_other_programs_go_and_those_of_the_machine_stay(settled, name,
                                                                       given, expected):
    assert settled(**{name: given}).get(name) == expected


def test_a_folder_for_fonts_that_can_be_made_is_kept(settled, tmp_path):
    folder = str(tmp_path / 'fonts')
    assert settled(MPLCONFIGDIR=folder)['MPLCONFIGDIR'] == folder


def test_warnings_are_no_errors_whatever_the_caller_made_of_them():
    code = ('import warnings; from phi4hpc.environment import settle; settle(); '
            'warnings.warn("shown"); warnings.warn("old", DeprecationWarning)')
    done = subprocess.run([sys.executable, '-c', code], cwd=ROOT,
                          env={**os.environ, 'PYTHONWARNINGS': 'error'},
                          capture_output=True, text=True, check=True)
    assert done.stderr == '<string>:1: UserWarning: shown\n'


def test_a_user_without_a_name_has_a_number(settled):
    assert settled(USER='')['LOGNAME'] == str(os.getuid())
    assert 'LOGNAME' not in settled(USER='ada')


@pytest.mark.parametrize('closed', ['>&-', '<&-', '2>&-', '<&- >&-', '<&- >&- 2>&-'])
def test_a_command_does_its_work_whatever_streams_are_closed(closed):
    done = shell(f'"$@" {closed}')
    assert (done.returncode, done.stderr) == (0, '')


def test_what_is_opened_first_never_gets_the_number_of_a_closed_stream(tmp_path):
    """Else a line printed by a library would land in a file of the run."""
    code = ('from phi4hpc.environment import settle; settle(); '
            f'print(open({str(tmp_path / "file")!r}, "w").fileno() > 2, '
            f'file=open({str(tmp_path / "said")!r}, "w"))')
    subprocess.run(['bash', '-c', '"$@" <&- >&- 2>&-', 'bash', sys.executable, '-c', code],
                   cwd=ROOT, check=True)
    assert (tmp_path / 'said').read_text() == 'True\n'


@pytest.mark.parametrize('buffered', ['', '1'])
@pytest.mark.parametrize('words', ['"$@"', 'python -m phi4hpc schema', 'python -m phi4hpc --help'])
def test_output_that_finds_no_room_is_one_line_and_a_failure(words, buffered):
    done = shell(f'PATH={Path(sys.executable).parent}:$PATH; {words} >/dev/full',
                 PYTHONUNBUFFERED=buffered)
    assert done.returncode == 1
    assert done.stderr.startswith('phi4hpc: standard output: No space left on device: free '
                                  'some space')
    assert done.stderr.count('\n') == 1


def test_where_not_even_the_fault_finds_room_the_status_tells():
    assert shell('"$@" sede=3 2>/dev/full').returncode == 2


@pytest.mark.parametrize('name', ['PMIX_RANK', 'OMPI_COMM_WORLD_RANK', 'PMI_RANK', 'SLURM_PROCID',
                                  'SLURM_STEP_NUM_TASKS', 'OMPI_COMM_WORLD_SIZE'])
@pytest.mark.parametrize('value', ['', 'x', '-1', '1.5', '9' * 5000])
def test_a_variable_of_a_launcher_that_holds_no_number_counts_as_absent(name, value, monkeypatch):
    from phi4hpc.parallel.world import RANK_SIZE, launcher

    for other in (each for pair in RANK_SIZE for each in pair):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    assert launcher() == (0, None)


def test_a_name_that_the_terminal_cannot_show_is_shown_with_backslashes():
    done = subprocess.run([*CHECK[:-1], 'für-\udcff.yaml'], cwd=ROOT,
                          capture_output=True, text=True,
                          env={**os.environ, 'PYTHONIOENCODING': 'ascii'})
    assert done.returncode == 2
    assert done.stderr == ('phi4hpc: 1 fault in the deck, nothing was done\n'
                           'f\\xfcr-\\udcff.yaml: No such file or directory: expected a deck '
                           'in YAML\n')
