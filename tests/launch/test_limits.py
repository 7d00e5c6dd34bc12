"""Limits of a shell or batch system: where one is too low the run ends with a line and a status."""

import subprocess
import sys

import pytest

from tests.conftest import ENVIRONMENT, ROOT

DECK = """
lattice: {sizes: [32]}
ladder: {kappas: [0.26, 0.269]}
sample: {thermalisation: 40, draws: 600, spacing: 1}
"""


@pytest.fixture(scope='module')
def deck(tmp_path_factory):
    """Return the path of a deck whose draws take ten megabytes."""
    path = tmp_path_factory.mktemp('deck') / 'small.yaml'
    path.write_text(DECK)
    return path


def limited(limit, deck, out, start=''):
    command = f'. jobs/mpienv.sh && ulimit {limit} && exec {start} "$@"'
    words = [sys.executable, '-m', 'phi4hpc', 'run', deck, '--out', out]
    return subprocess.run(['bash', '-c', command, 'bash', *map(str, words)], cwd=ROOT,
                          env=ENVIRONMENT,
                          capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(('limit', 'start', 'said'), [
    ('-f 9000', '', 'ensembles.h5.new: File too large: raise the limit on the size of a file '
                    '(ulimit -f)'),
    ('-f 9000', 'mpirun -n 2', 'ensembles.h5.new: File too large: raise the limit on the size of a '
                               'file (ulimit -f)'),
    ('-f 100', '', 'the limit on the size of a file (ulimit -f) is 102400 bytes: expected '
                   'at least'),
    ('-n 32', '', 'the limit on open files (ulimit -n) is 32: expected at least 64'),
    ('-v 150000', '', 'the limit on memory (ulimit -v) is 153600000 bytes: expected at least'),
    ('-v 450000', '', 'there is not enough memory'),
], ids=str)
def test_a_limit_that_is_too_low_is_told_in_a_line(deck, tmp_path, limit, start, said):
    done = limited(limit, deck, tmp_path / 'run', start)
    assert done.returncode == 1
    assert done.stderr.count(said) == 1, done.stderr
    assert 'Traceback' not in done.stderr
    assert done.stderr.splitlines()[-1].startswith('phi4hpc: ')
