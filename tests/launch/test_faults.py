"""What goes wrong around a run, done to a real one.

Each fault is said in a line and ends the job, and the run goes on afterwards.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest

from phi4hpc.storage.generations import manifest_checksum
from tests.conftest import ENVIRONMENT, ROOT
from tests.jobs import begin, bits, finish, ranks_of, wait_for


def phi4hpc(*words):
    """Run a command of phi4hpc alone, and return the CompletedProcess."""
    return subprocess.run([sys.executable, '-m', 'phi4hpc', *map(str, words)], cwd=ROOT,
                          env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60)


def has_checkpoint(out):
    return any(out.glob('checkpoint/*/manifest.json'))


@pytest.fixture
def disk(tmp_path):
    """Return the path of a file system of 8 MB, and a function that mounts it otherwise."""
    path = tmp_path / 'disk'
    path.mkdir()

    def mount(options):
        command = ['mount', '-t', 'tmpfs', '-o', options, 'tmpfs', path]
        return subprocess.run(command, capture_output=True).returncode

    if os.getuid() != 0 or mount('size=8m'):
        pytest.skip('needs root, and leave to mount')
    yield path, lambda options: mount(f'remount,{options}')
    subprocess.run(['umount', '--lazy', path], check=True)


@pytest.fixture(scope='module')
def sampled(small, tmp_path_factory):
    """Return the directory of a run with two checkpoints and one draw less than is asked for."""
    out = tmp_path_factory.mktemp('sampled') / 'run'
    finish(begin(small, out, 'sample.draws=599', 'checkpoint.interval=0.1'))
    return out


@pytest.fixture
def damaged(sampled, tmp_path):
    """Return a copy of that directory, to damage."""
    return shutil.copytree(sampled, tmp_path / 'run')


@pytest.mark.parametrize('victim', [0, 1])
def test_a_rank_that_is_stopped_is_missed_and_ends_the_job(start, tmp_path, victim):
    job = start(tmp_path / 'run', 'sample.draws=60000', 'checkpoint.interval=0.2', ranks=3)
    wait_for(lambda: has_checkpoint(tmp_path / 'run'), job)
    everyone = ranks_of(job)
    os.kill(everyone[victim], signal.SIGSTOP)
    began = time.monotonic()
    said = job.communicate(timeout=30)[0]
    assert time.monotonic() - began < 10                      # the patience in the deck is 2
    assert job.returncode not in (0, 75)
    assert said.count('no sign of life from') == 1
    assert f'rank {victim} of 3 (process {everyone[victim]} on ' in said
    assert not any(os.path.exists(f'/proc/{process}/exe') for process in everyone)


def test_a_directory_in_use_is_refused_and_left_alone(start, tmp_path):
    out = tmp_path / 'run'
    job = start(out, 'sample.draws=6000')
    wait_for(lambda: (out / 'ensembles.h5').exists(), job)
    said = finish(start(out, '--restart'), code=1)
    assert re.search(r'in use by another run \(process \d+ on \S+ since \S+ \S+\); wait for', said)
    assert f'`touch {out}/STOP`' in said
    assert f'`kill -9 {ranks_of(job)[0]}` on ' in said
    owner = f'{out}: in use by process {ranks_of(job)[0]} on '
    assert phi4hpc('status', out).stdout.splitlines()[0].startswith(owner)
    job.send_signal(signal.SIGUSR2)
    finish(job, code=75)


def test_a_full_disk_is_said_and_the_run_goes_on_when_there_is_room(start, disk, unbroken):
    path, remount = disk
    assert remount('size=6m') == 0
    out, ballast = path / 'run', path / 'ballast'
    job = start(out, 'checkpoint.interval=1000')
    wait_for(lambda: (out / 'ensembles.h5').exists(), job)
    free = shutil.disk_usage(path).free
    ballast.write_bytes(bytes(free - 100_000))
    said = job.communicate(timeout=60)[0]
    assert job.returncode == 1, said
    assert said.count('free some space; the same command then goes on') == 1
    assert 'Traceback' not in said
    ballast.unlink()
    finish(start(out))
    assert bits(out) == unbroken


def test_a_full_disk_is_said_whatever_is_written(disk):
    path, remount = disk
    assert remount('size=1m') == 0
    done = subprocess.run([sys.executable, 'tests/full.py', path], cwd=ROOT, env=ENVIRONMENT,
                          capture_output=True,
                          text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, '')
    assert all(int(line.split()[1]) > 0 for line in done.stdout.splitlines())


def test_a_disk_that_is_too_small_is_said_before_sampling(start, disk):
    said = finish(start(disk[0] / 'run', 'sample.draws=20000'), code=1)
    assert re.search(r'ensembles.h5: takes [\d.]+ MB, and [\d.]+ MB are free there', said)
    assert 'Traceback' not in said


def test_a_directory_that_cannot_be_written_is_said(start, disk):
    path, remount = disk
    assert remount('ro') == 0
    said = finish(start(path / 'run'), code=1)
    assert said.count('Read-only file system: expected a run directory that can be written') == 1
    assert 'Traceback' not in said


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize('harm', [truncate, flip])
def test_a_damaged_checkpoint_costs_the_time_since_the_one_before(damaged, start, unbroken, harm):
    newest = max(damaged.glob('checkpoint/*'))
    harm(newest / 'fields.00001.h5')
    verified = phi4hpc('verify', damaged)
    assert verified.returncode == 1
    fault = 'fields.00001.h5: its checksum does not hold'
    assert f'checkpoint/{newest.name}/{fault}' in verified.stderr
    said = finish(start(damaged))
    assert f'{newest.name} is damaged ({fault}): going back to the one' in said
    assert bits(damaged) == unbroken


def test_a_checkpoint_of_another_version_is_said_in_a_line(damaged, start):
    for path in damaged.glob('checkpoint/*/manifest.json'):
        files = json.loads(path.read_text())['files']
        manifest = {'version': 99, 'files': files, 'checksum': manifest_checksum(99, files)}
        path.write_text(json.dumps(manifest))
    said = finish(start(damaged), code=1)
    assert said.count('a checkpoint of version 99, and this phi4hpc reads') == 1
    assert 'Traceback' not in said


def test_verify_names_the_draw_in_which_a_bit_flipped(damaged, small):
    assert phi4hpc('measure', small, '--out', damaged, 'sample.draws=599').returncode == 0
    assert phi4hpc('verify', damaged).stdout == f'{damaged}: every checksum holds\n'
    with h5py.File(damaged / 'ensembles.h5', 'r+') as file:
        field = file['L016/phi'][1, 0, 77]
        field.view(np.uint32)[3, 5] ^= 1 << 9
        file['L016/phi'][1, 0, 77] = field
        file['L008/magnetisation'][2, 1, 5] *= 1 + 1e-15
    results = damaged / 'results.json'
    results.write_text(results.read_text().replace('0', '1', 1))
    verified = phi4hpc('verify', damaged)
    assert verified.returncode == 1
    assert verified.stderr.splitlines()[1:] == [
        'ensembles.h5: L = 8, kappa = 0.269, chain 1, draw 5',
        'ensembles.h5: L = 16, kappa = 0.26, chain 0, draw 77',
        'results.json: not as the stage measure left it']


def test_status_says_of_each_stage(damaged):
    lines = phi4hpc('status', damaged).stdout.splitlines()
    assert lines[0] == f'{damaged}: nobody is at work'
    done = r'done \d{4}-\d\d-\d\d \d\d:\d\d:\d\d, in [\d.]+ s on 2 ranks \(host '
    assert re.match(f'  sample   {done}', lines[1])
    assert lines[2:] == ['  measure  not begun', '  train    not in the deck',
                         '  analyse  not in the deck', '  flow     not in the deck',
                         '  report   not begun']
    done = phi4hpc('status', damaged.parent)
    assert done.returncode == 1
    assert 'expected the directory of a run' in done.stderr
