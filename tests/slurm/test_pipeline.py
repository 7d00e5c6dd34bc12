"""The pipeline as dependent jobs of a real Slurm on this machine: `jobs/test.sh -m slurm`."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.jobs import bits
from tests.typed import LINES, MYSTUDY, SLURM, Typed, checkout, type_line

ROOT = Path(__file__).parents[2]
CLUSTER = Path(__file__).with_name('cluster.sh')
pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(os.getuid() != 0 or not shutil.which('slurmctld'),
                       reason='needs root and slurm-wlm: apt-get install slurm-wlm munge'),
]

DECK = """
lattice: {sizes: [8]}
ladder: {kappas: [0.25, 0.26, 0.269]}
sample: {thermalisation: 50, draws: 60, spacing: 2}
train: {lattice: 8, kappas: [0.269], models: [{dense: {latents: [4]}}], epochs: 1, batch: 16}
analyse: {draws: 5, directions: 2}
flow: {lattices: [8], kappas: [0.269], blocks: [{majority: {}}], smallest: 4}
"""
SITE = """
every_job=(--time=10) sample_job=() measure_job=() train_job=() analyse_job=()
flow_job=() report_job=()
sample_on=cpu measure_on=cpu train_on=gpu analyse_on=cpu flow_on=cpu report_on=cpu
sample_ranks=3 measure_ranks=2 train_ranks=3 analyse_ranks=2 flow_ranks=2 report_ranks=1
launcher=(srun --mpi=pmix)
"""


@pytest.fixture
def slurm(tmp_path):
    """Start Slurm, give the environment in which its commands find it, and stop it."""
    where = tmp_path / 'slurm'
    site = tmp_path / 'site.sh'
    site.write_text(SITE)
    subprocess.run([CLUSTER, 'start', where], check=True)
    yield {**os.environ, 'SLURM_CONF': str(where / 'slurm.conf'), 'PHI4HPC_SITE': str(site),
           'VENV': sys.prefix}
    subprocess.run([CLUSTER, 'stop', where], check=True)


def wait_for_jobs(environment, patience=180):
    """Wait until no job is queued or running."""
    end, empty = time.monotonic() + patience, 0
    while empty < 5:                        # a job on its way back into the queue is not shown
        empty = 0 if any_job(environment) else empty + 1
        assert time.monotonic() < end, 'jobs are still there'
        hurry(environment)
        time.sleep(1)


def any_job(environment):
    """Return whether there are jobs, or Slurm is too busy to tell."""
    asked = subprocess.run(['squeue', '-h'], env=environment, capture_output=True, text=True)
    return asked.returncode != 0 or asked.stdout


def submit(environment, *words):
    subprocess.run(['slurm/pipeline.sh', *map(str, words)], cwd=ROOT, env=environment, check=True)


def hurry(environment):
    """Start at once what was queued again, which Slurm else does after two minutes."""
    waiting = subprocess.run(['squeue', '-h', '-t', 'PENDING', '-o', '%i %r'], env=environment,
                             capture_output=True,
                             text=True).stdout.splitlines()
    for job, reason in (line.split(maxsplit=1) for line in waiting):
        if reason == 'BeginTime':
            subprocess.run(['scontrol', 'update', f'JobId={job}', 'StartTime=now'],
                           env=environment, check=True)


def job_details(environment, log):
    """Return what Slurm says of the job that wrote a log."""
    return subprocess.run(['scontrol', 'show', 'job', log.suffixes[0][1:]], env=environment,
                          check=True,
                          capture_output=True, text=True).stdout


def test_the_stages_run_one_after_the_other_over_two_nodes(slurm, tmp_path):
    deck, out = tmp_path / 'small.yaml', tmp_path / 'run'
    deck.write_text(DECK)
    submit(slurm, deck, '--out', out)
    wait_for_jobs(slurm)
    assert '3 ranks' in next(out.glob('logs/sample.*.out')).read_text()
    for made in ('ensembles.h5', 'results.json', 'latent.h5', 'report.html'):
        assert (out / made).exists(), ''.join(log.read_text() for log in out.glob('logs/*.out'))
    for stage, gpus in ('sample', False), ('train', True):
        details = job_details(slurm, next(out.glob(f'logs/{stage}.*.out')))
        assert ('TresPerTask=gres:gpu:1\n' in details) == gpus


TALK = Typed('ladder.tuned=null "ladder.kappas=[0.25, 0.265, 0.269, 0.28]" ladder.chains=1 '
             '"lattice.sizes=[16, 32]" sample.thermalisation=20 sample.draws=60 train.epochs=1 '
             '"train.models=[{fourier: {latents: [13]}}]" analyse.draws=5')
"""A run of input/talk.yaml by these words is over in a moment."""


def test_every_line_of_the_documents_submits_a_run_that_ends_with_a_report(slurm, tmp_path):
    folder = checkout(tmp_path / 'phi4hpc')
    type_line('phi4hpc init mystudy', Typed(), folder)
    for line in {line for lines in LINES.values() for line, how in lines.items() if how == SLURM}:
        status, said = type_line(line, MYSTUDY if 'mystudy' in line else TALK, folder, **slurm)
        assert status == 0, said
    wait_for_jobs(slurm, patience=600)
    for out in 'runs/talk', 'scratch/me/talk', 'scratch/me/mystudy':
        logs = ''.join(log.read_text() for log in folder.glob(f'{out}/logs/*.out'))
        assert (folder / out / 'report.html').exists(), logs


def test_a_failed_stage_leaves_no_job_waiting(slurm, tmp_path):
    deck, out = tmp_path / 'small.yaml', tmp_path / 'run'
    deck.write_text(DECK)
    out.mkdir()
    (out / 'stranger').touch()
    submit(slurm, deck, '--out', out)
    wait_for_jobs(slurm)
    assert [path.name.split('.')[0] for path in out.glob('logs/*.out')] == ['sample']


def long_deck(deck, mpirun, seconds):
    """Write a deck that takes this machine about `seconds`, by timing a shorter one."""
    deck.write_text(DECK.replace('draws: 60, spacing: 2', 'draws: 600, spacing: 50'))
    began = time.monotonic()
    done = mpirun(2, '-m', 'phi4hpc', 'sample', deck, '--out', deck.with_name('short'), timeout=300)
    assert done.returncode == 0, done.stderr
    spacing = round(50 * seconds / (time.monotonic() - began))
    deck.write_text(DECK.replace('spacing: 2', f'spacing: {spacing}')
                    .replace('draws: 60', 'draws: 600'))


def test_a_job_that_reaches_its_limit_is_queued_again_until_it_is_done(slurm, mpirun, tmp_path):
    """The stage sample takes longer than the minute that it has; the draws are those by hand."""
    deck, out = tmp_path / 'small.yaml', tmp_path / 'run'
    long_deck(deck, mpirun, seconds=120)
    with open(slurm['PHI4HPC_SITE'], 'a') as site:
        site.write('sample_job=(--time=1 --signal=B:USR2@45 --nodes=1) sample_ranks=2\n')
    submit(slurm, deck, '--out', out)
    wait_for_jobs(slurm, patience=900)
    log = next(out.glob('logs/sample.*.out')).read_text()
    assert 'turn 2, on n' in log, log
    assert 'phi4hpc: stopped after' in log
    assert (out / 'report.html').exists(), log
    by_hand = mpirun(2, '-m', 'phi4hpc', 'sample', deck, '--out', tmp_path / 'by-hand', timeout=300)
    assert by_hand.returncode == 0, by_hand.stderr
    assert bits(out) == bits(tmp_path / 'by-hand')
