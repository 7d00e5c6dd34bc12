"""A rank that fails takes the job down within seconds, with one message and a non-zero code.

These are serial tests, each of which starts an mpirun as a user would.
"""

import time

import pytest

JOB = """
from phi4hpc.errors import UserError
from phi4hpc.parallel.together import guard
from phi4hpc.parallel.world import world
comm = world()
with guard(comm, patience=1.0):
    {fault}
    comm.Barrier()
"""


@pytest.mark.parametrize(('fault', 'said'), [
    ('if comm.rank == 2: raise ValueError("the field is not finite")',
     ['rank 2 of 3 failed', 'ValueError: the field is not finite']),
    ('if comm.rank == 1: raise SystemExit', ['rank 1 of 3 failed']),
    ('raise ValueError("all fields are lost")', ['ValueError: all fields are lost']),
], ids=['one raises', 'one exits', 'all raise'])
def test_a_rank_that_raises_ends_the_job_and_says_once_why(mpirun, fault, said):
    began = time.monotonic()
    done = mpirun(3, '-c', JOB.format(fault=fault), timeout=30)
    assert time.monotonic() - began < 10
    assert done.returncode != 0
    assert 'failed; the job ends here' in done.stderr
    assert {text: done.stderr.count(text) for text in said} == dict.fromkeys(said, 1)


def test_a_users_error_that_one_rank_alone_meets_ends_the_job(mpirun):
    fault = 'if comm.rank == 1: raise UserError("disk full")'
    done = mpirun(3, '-c', JOB.format(fault=fault), timeout=30)
    assert done.returncode == 1
    assert done.stderr.count('phi4hpc: disk full') == 1
    assert 'Traceback' not in done.stderr


def test_a_job_without_failure_ends_with_0(mpirun):
    done = mpirun(3, '-c', JOB.format(fault=''), timeout=30)
    assert done.returncode == 0
    assert 'phi4hpc' not in done.stderr


def test_a_launcher_of_another_mpi_is_noticed(mpirun):
    """Two worlds of one rank each, as a foreign mpirun makes them, are not one world of two."""
    alone = ('import os; os.environ["OMPI_COMM_WORLD_SIZE"] = "2"; '
             'from phi4hpc.parallel.world import world; world()')
    done = mpirun(1, '-c', alone, timeout=30)
    assert done.returncode != 0
    assert 'the launcher started 2 ranks, but MPI sees a world of 1' in done.stderr
