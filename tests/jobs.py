"""Jobs that a test starts as a user would, to do to them what happens to real ones.

`bits` is a digest of what they leave.
"""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time

from phi4hpc.lattice.series import SERIES
from phi4hpc.storage.reader import Ensembles
from tests.conftest import ENVIRONMENT, ROOT

DECK = """
seed: 3
lattice: {sizes: [8, 16]}
ladder: {kappas: [0.24, 0.26, 0.269], chains: 2}
sample: {thermalisation: 200, draws: 600, spacing: 3}
checkpoint: {interval: 0.3}
patience: 2
"""
RANKS = 2


def begin(deck, out, *words, ranks=RANKS, command='sample', how='exec'):
    """Start `phi4hpc COMMAND` under mpirun and return the job, whose process is mpirun.

    Its output is one stream.

    `how`: launch, as scripts do it; its process is then a shell between us and mpirun.
    """
    script = f'. jobs/mpienv.sh && {how} mpirun -n {ranks} "$@"'
    words = ['-m', 'phi4hpc', command, str(deck), '--out', str(out), *words]
    return subprocess.Popen(['bash', '-c', script, 'mpirun', sys.executable, *words], cwd=ROOT,
                            env=ENVIRONMENT, start_new_session=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=hear)


def hear():
    """Have SIGINT mean what it does at a terminal, also where tests run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill(job, victims):
    """Kill processes, then wait until every rank is gone.

    Each notices by itself that mpirun or another rank is.
    """
    everyone = ranks_of(job)
    for victim in victims:
        with contextlib.suppress(ProcessLookupError):          # it may just have ended by itself
            os.kill(victim, signal.SIGKILL)
    job.communicate(timeout=30)
    end = time.monotonic() + 30
    while any(os.path.exists(f'/proc/{process}/exe') for process in everyone):
        assert time.monotonic() < end, 'a rank outlives its job'
        time.sleep(0.02)


def clear_away(job):
    """Kill whatever is left of a job."""
    for process in [*ranks_of(job), job.pid] if job.poll() is None else []:
        os.kill(process, signal.SIGKILL)
    job.communicate()


def finish(job, code=0, timeout=60):
    """Wait for the end of a job and return what it said."""
    said = job.communicate(timeout=timeout)[0]
    assert job.returncode == code, said
    return said


def ranks_of(job):
    """Return the process numbers of the ranks of a job that have begun, in the order of ranks."""
    search = ['pgrep', '--parent', str(job.pid), '--full', 'phi4hpc']
    found = subprocess.run(search, capture_output=True, text=True)
    return sorted(map(int, found.stdout.split()))


def wait_for(condition, job, patience=30):
    """Wait until a condition holds; it is the job's end that would be too early."""
    end = time.monotonic() + patience
    while not condition():
        assert job.poll() is None, job.communicate()[0]
        assert time.monotonic() < end, 'it takes too long'
        time.sleep(0.02)


def has_checkpoint(out):
    return any((out / 'checkpoint').glob('*/manifest.json')) if out.exists() else False


def bits(out):
    """Return a digest of every draw, series and summary of a run, which is complete."""
    found = hashlib.sha256()
    with Ensembles(out / 'ensembles.h5') as ensembles:
        for L in ensembles.sizes:
            lattice = ensembles[L]
            assert lattice.draws == lattice.phi.shape[2]
            for array in (lattice.phi[...], *map(lattice.series, (*SERIES, 'replica', 'checksum')),
                          *lattice.summary().values()):
                found.update(array.tobytes())
    return found.hexdigest()
