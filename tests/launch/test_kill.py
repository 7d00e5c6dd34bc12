"""A run that is killed at any moment leaves no broken file, and goes on to the same bits."""

import random
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import h5py
import pytest

from phi4hpc.storage.reader import Ensembles
from tests.jobs import bits, finish, kill, ranks_of


def kill_rank(job, rng):
    return [rng.choice(ranks_of(job) or [job.pid])]


def kill_mpirun(job, rng):
    return [job.pid]


def kill_all(job, rng):
    return [job.pid, *ranks_of(job)]


def assert_opens(out):
    """Assert that what a killed run left can be read."""
    path = out / 'ensembles.h5'
    if path.exists():
        with Ensembles(path) as ensembles:
            for L in ensembles.sizes:
                lattice = ensembles[L]
                assert 0 <= lattice.draws <= lattice.phi.shape[2]
                lattice.phi[0, 0, :lattice.draws].sum()
    for json_file in out.glob('*.json'):
        assert json_file.read_text().endswith('}')


def kill_rounds(start, out, unbroken, rounds, driver):
    """Kill runs at random moments, `rounds` times in all; those that end have the right bits.

    The first run is left alone, and the shortest of those that end says how long one takes; the
    last goes on from the last kill.
    """
    rng = random.Random(driver)

    def begin():
        return start(out, f'storage.driver={driver}', ranks=rng.choice([2, 3]))

    def end(job):
        finish(job)
        assert bits(out) == unbroken
        shutil.rmtree(out)

    began, killed = time.monotonic(), 0
    end(begin())
    seconds = time.monotonic() - began
    while killed < rounds:
        began, job = time.monotonic(), begin()
        try:
            job.wait(rng.uniform(0.25, 1.1) * seconds)
            # Where the first run was slow by chance, hardly one would last until it is killed.
            seconds = min(seconds, time.monotonic() - began)
            end(job)
        except subprocess.TimeoutExpired:
            kill(job, (kill_rank, kill_mpirun, kill_all)[killed % 3](job, rng))
            killed += 1
            assert_opens(out)
    end(begin())


def kill_with_every_driver(start, tmp_path, unbroken, rounds):
    """Kill as often with each driver, both at a time, as much of it is waiting."""
    drivers = ['virtual', 'mpio'] if h5py.get_config().mpi else ['virtual']
    with ThreadPoolExecutor() as pool:
        done = [pool.submit(kill_rounds, start, tmp_path / driver, unbroken, rounds, driver)
                for driver in drivers]
    for future in done:
        future.result()


def test_a_run_killed_at_random_moments_ends_with_the_same_bits(start, tmp_path, unbroken):
    kill_with_every_driver(start, tmp_path, unbroken, 10)


@pytest.mark.long
def test_a_run_killed_a_hundred_times_ends_with_the_same_bits(start, tmp_path, unbroken):
    kill_with_every_driver(start, tmp_path, unbroken, 100)
