"""A run that is asked to stop ends with a checkpoint and status 75, and goes on to its bits."""

import os
import signal

import pytest

from tests.jobs import bits, finish, ranks_of, wait_for


def checkpoints(out):
    """Return the numbers of the checkpoints that are there."""
    return sorted(int(path.parent.name) for path in out.glob('checkpoint/[0-9]*/manifest.json') if
                  path.parent.name.isdecimal())


@pytest.fixture
def sampling(start, tmp_path):
    """Return (job, run directory) of a run that has begun to sample and has a checkpoint."""
    job = start(tmp_path / 'run', 'sample.draws=6000', 'checkpoint.interval=0.2')
    wait_for(lambda: checkpoints(tmp_path / 'run'), job)
    return job, tmp_path / 'run'


def test_usr2_to_mpirun_stops(sampling):
    job, _ = sampling
    job.send_signal(signal.SIGUSR2)
    said = finish(job, code=75)
    assert said.count('phi4hpc: stopped after') == 1
    assert 'the same command goes on from there' in said
    assert 'Traceback' not in said


@pytest.mark.parametrize('asked', [signal.SIGTERM, signal.SIGINT])
def test_a_script_that_is_asked_to_end_stops_what_it_launched(start, tmp_path, asked):
    """At both mpirun would kill the ranks, so jobs/run.sh and slurm/stage.sh have it hear USR2."""
    job = start(tmp_path / 'run', 'sample.draws=6000', 'checkpoint.interval=0.2', how='launch')
    wait_for(lambda: checkpoints(tmp_path / 'run'), job)
    job.send_signal(asked)
    assert finish(job, code=75).count('phi4hpc: stopped after') == 1


def test_one_rank_that_is_asked_to_end_stops_all(sampling):
    job, _ = sampling

    os.kill(ranks_of(job)[-1], signal.SIGTERM)
    assert finish(job, code=75).count('stopped after') == 1


def test_a_file_named_stop_stops_and_is_used_up(sampling):
    job, out = sampling
    (out / 'STOP').touch()
    assert 'STOP: asks for a stop' in finish(job, code=75)
    assert not (out / 'STOP').exists()


def test_usr1_writes_a_checkpoint_and_goes_on(start, tmp_path):
    out = tmp_path / 'run'
    job = start(out, 'sample.draws=6000', 'checkpoint.interval=1000')
    wait_for(lambda: (out / 'logs' / 'progress.json').exists(), job)
    assert checkpoints(out) == []
    job.send_signal(signal.SIGUSR1)
    wait_for(lambda: checkpoints(out), job)
    job.send_signal(signal.SIGUSR2)
    finish(job, code=75)


def test_a_run_in_pieces_ends_with_the_same_bits(start, tmp_path):
    """Pieces of walltime that get longer, each on another number of ranks.

    After the last there is nothing to do. The draws take more than the first second on any machine,
    and a busy one is given time.
    """
    many = 'sample.draws=8000', 'patience=60'
    whole = start(tmp_path / 'whole', *many, ranks=1)                            # meanwhile
    words, codes = (*many, 'checkpoint.interval=1000', '--walltime'), []
    while not codes or codes[-1] != 0:
        job = start(tmp_path / 'run', *words, str(2 ** len(codes)), ranks=1 + len(codes) % 3)
        said = job.communicate(timeout=120)[0]
        codes.append(job.returncode)
        assert codes[-1] == 0 or (codes[-1] == 75 and 'walltime: asks for a stop' in said), said
    assert 75 in codes
    finish(whole)
    assert bits(tmp_path / 'run') == bits(tmp_path / 'whole')
    assert 'nothing to do' in finish(start(tmp_path / 'run', *many))


def test_a_run_of_which_more_draws_are_wanted_goes_on(start, unbroken, tmp_path):
    finish(start(tmp_path / 'run', 'sample.draws=43'))
    said = finish(start(tmp_path / 'run', ranks=3))
    assert 'sample.draws was 43 and is 600' in said
    assert 'goes on after 329 of 2000 steps' in said
    assert bits(tmp_path / 'run') == unbroken
