"""`mpirun -n N python tests/ranks.py [pytest's arguments]`: the tests marked mpi, on all ranks.

Rank 0 alone prints; the others write logs/tests/rank<K>-of-<N>.log. All ranks agree on the
outcome of each test, so a failure on any of them fails it everywhere, with that rank's traceback; a
rank that leaves a test which others never leave ends the job.
"""

import os
import sys
import time
from pathlib import Path

import pytest
from mpi4py import MPI
from pytest_mpi import MPIPlugin

# Seconds to wait for other ranks after a test.
PATIENCE = float(os.environ.get('MPI_TEST_PATIENCE', '60'))
OPTIONS = ['--with-mpi', '-o', 'testpaths=tests/mpi', '-p', 'no:cacheprovider',
           '-p', 'no:hypothesispytest',  # seconds of imports on every rank
           # All ranks hung inside one test: tracebacks, and the end of the job.
           '-o', 'faulthandler_timeout=300', '-o', 'faulthandler_exit_on_timeout=true']


class InStep:
    """Plugin that makes every rank report the same outcome for each phase of each test."""

    def __init__(self, comm, stderr):
        self.comm = comm.Dup()
        self.stderr = stderr

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item):
        report = yield
        self.wait(report)
        mine = (report.nodeid, report.when), report.longreprtext if report.failed else None
        everyone = self.comm.allgather(mine)
        places = {place for place, _ in everyone}
        if len(places) > 1:
            self.abort(f'ranks are at different tests: {sorted(places)}')
        failed = [f'---- rank {rank} of {self.comm.size} ----\n{text}'
                  for rank, (_, text) in enumerate(everyone) if text is not None]
        if failed:
            report.outcome, report.longrepr = 'failed', '\n'.join(failed)
        return report

    def wait(self, report):
        """Wait for the other ranks without spinning; end the job where they do not come."""
        request, began = self.comm.Ibarrier(), time.monotonic()
        while not request.Test():
            if time.monotonic() - began > PATIENCE:
                self.abort(f'{report.nodeid} {report.outcome} in {report.when}, but other '
                           f'ranks did not '
                           f'come out of it within {PATIENCE:g} s\n{report.longreprtext}')
            time.sleep(0.001)

    def abort(self, message):
        """End the job and say why, on the terminal."""
        os.write(self.stderr, f'\nDEADLOCK: rank {self.comm.rank} of {self.comm.size}: '
                              f'{message}\n'.encode())
        self.comm.Abort(1)


def main(args):
    """Run pytest on this rank and return its exit status, once every rank is done."""
    comm, stderr = MPI.COMM_WORLD, os.dup(2)
    del MPIPlugin.pytest_terminal_summary  # forty lines on the MPI library, after every run
    if comm.rank == 0:
        # Open MPI gives rank 0 a terminal of its own, whose colours would end up in log files.
        sys.stdout.isatty = lambda: False
    else:
        args = [arg for arg in args if not arg.startswith('--junit')]
        write_to(Path('logs/tests', f'rank{comm.rank}-of-{comm.size}.log'))
    code = pytest.main(OPTIONS + args, plugins=[InStep(comm, stderr)])
    comm.Barrier()
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


def write_to(path):
    """Send all that this process prints to the file `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open('w') as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
