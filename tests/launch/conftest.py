"""What tests that start jobs share: a small deck, a way to start it, and the bits that it should end with."""

import pytest

from tests import jobs


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """Return the path of a small deck."""
    path = tmp_path_factory.mktemp('deck') / 'small.yaml'
    path.write_text(jobs.DECK)
    return path


@pytest.fixture
def start(small):
    """Return a function that starts `phi4hpc sample` on the small deck; what it leaves running is killed at the end."""
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
