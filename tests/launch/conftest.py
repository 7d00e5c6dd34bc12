"""What tests that start jobs share: a small deck, a way to start it, the bits to end with."""

import pytest

from tests import jobs

DECK = """
seed: 3
lattice: {sizes: [4, 8]}
ladder: {tuned: {lowest: 0.24, highest: 0.28, rungs: 4, pinned: [0.269]}, chains: 2}
sample: {thermalisation: 100, draws: 60, spacing: 2}
train:
  lattice: 8
  kappas: [0.269]
  models: [{dense: {latents: [16, 15], hidden: 32}}, {kadanoff: {}}]
  epochs: 60
  batch: 16
analyse: {draws: 12, directions: 3}
flow: {lattices: [8], kappas: [0.269], blocks: [{kadanoff: {}}, {majority: {}}], smallest: 4}
"""


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """Return the path of a small deck."""
    path = tmp_path_factory.mktemp('deck') / 'small.yaml'
    path.write_text(jobs.DECK)
    return path


@pytest.fixture
def start(small):
    """Return a function that starts `phi4hpc sample` on the small deck.

    What it leaves running is killed at the end.
    """
    started = []

    def start(out, *words, deck=small, **how):
        started.append(jobs.begin(deck, out, *words, **how))
        return started[-1]

    yield start
    for job in started:
        jobs.clear_away(job)


@pytest.fixture(scope='session')
def unbroken(mpirun, small, tmp_path_factory):
    """Return the bits of a run that nothing happened to, on one rank."""
    out = tmp_path_factory.mktemp('unbroken') / 'run'
    done = mpirun(1, '-m', 'phi4hpc', 'sample', small, '--out', out)
    assert done.returncode == 0, done.stderr
    return jobs.bits(out)


@pytest.fixture(scope='session')
def phi4hpc(mpirun):
    """Return a function that runs `phi4hpc words` on a number of ranks."""
    return lambda ranks, *words: mpirun(ranks, '-m', 'phi4hpc', *words)


@pytest.fixture(scope='session')
def deck(tmp_path_factory):
    """Return the path of a small deck."""
    path = tmp_path_factory.mktemp('deck') / 'small.yaml'
    path.write_text(DECK)
    return path


@pytest.fixture(scope='session')
def finished(phi4hpc, deck, tmp_path_factory):
    """Return (run directory, what was said) of `phi4hpc run` on two ranks."""
    out = tmp_path_factory.mktemp('run') / 'small'
    done = phi4hpc(2, 'run', deck, '--out', out)
    assert done.returncode == 0, done.stderr
    return out, done.stderr
