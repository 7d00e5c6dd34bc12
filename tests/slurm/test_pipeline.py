"""The pipeline as dependent jobs of a real Slurm, started on this machine: `jobs/test.sh -m slurm`."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
train: {lattice: 8, kappas: [0.269], latents: [4], epochs: 1, batch: 16}
analyse: {draws: 4, directions: 2}
"""
SITE = """
every_job=(--time=10) sample_job=() train_job=() analyse_job=() report_job=()
sample_ranks=3 train_ranks=3 analyse_ranks=2 report_ranks=1
launcher=(srun --mpi=pmix)
"""


@pytest.fixture
def slurm(tmp_path):
    """Start Slurm, give the environment in which its commands find it, and stop it."""
    where = tmp_path / 'slurm'
    site = tmp_path / 'site.sh'
    site.write_text(SITE)
    subprocess.run([CLUSTER, 'start', where], check=True)
    yield {**os.environ, 'SLURM_CONF': str(where / 'slurm.conf'), 'PHI4HPC_SITE': str(site), 'VENV': sys.prefix}
    subprocess.run([CLUSTER, 'stop', where], check=True)


def wait_for_jobs(environment, patience=180):
    """Wait until no job is queued or running."""
    end = time.monotonic() + patience
    while subprocess.run(['squeue', '-h'], env=environment, capture_output=True, text=True).stdout:
        assert time.monotonic() < end, 'jobs are still there'
        time.sleep(1)


def submit(environment, *words):
    subprocess.run(['slurm/pipeline.sh', *map(str, words)], cwd=ROOT, env=environment, check=True)
    wait_for_jobs(environment)


def test_the_stages_run_one_after_the_other_over_two_nodes(slurm, tmp_path):
    deck, out = tmp_path / 'small.yaml', tmp_path / 'run'
    deck.write_text(DECK)
    submit(slurm, deck, '--out', out)
    assert '3 ranks' in next(out.glob('logs/sample.*.out')).read_text()
    for made in ('ensembles.h5', 'results.json', 'latent.h5', 'report.html'):
        assert (out / made).exists(), ''.join(log.read_text() for log in out.glob('logs/*.out'))


def test_a_failed_stage_leaves_no_job_waiting(slurm, tmp_path):
    deck, out = tmp_path / 'small.yaml', tmp_path / 'run'
    deck.write_text(DECK)
    out.mkdir()
    (out / 'stranger').touch()
    submit(slurm, deck, '--out', out)
    assert [path.name.split('.')[0] for path in out.glob('logs/*.out')] == ['sample']
