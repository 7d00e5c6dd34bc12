"""What a run says: bars in a terminal with lines above them, and timed lines without one."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest

from phi4hpc.logs import counted
from tests.conftest import ROOT

SAY = """
from phi4hpc import logs
logs.start(0)
with logs.Progress('sample', 40, every=0) as progress:
    for n in range(40):
        progress.advance()
        if n == 20:
            logs.log.info('a checkpoint')
logs.log.info('sample: done')
"""


def said_in_a_terminal(width=60):
    """Return what a process writes to a terminal of some width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack('HHHH', 24, width, 0, 0))
    process = subprocess.Popen([sys.executable, '-c', SAY], cwd=ROOT, stderr=theirs, stdout=theirs)
    os.close(theirs)
    found = b''
    # A terminal whose last writer is gone is an error to read.
    while part := read(ours):
        found += part
    os.close(ours)
    assert process.wait() == 0
    return found.decode()


def read(handle):
    try:
        return os.read(handle, 4096)
    except OSError:
        return b''


def screen(said):
    """Return the lines that are left on the screen: each after the last return to its beginning."""
    lines = []
    for line in said.replace('\r\n', '\n').split('\n'):
        shown = ''
        for part in line.split('\r'):
            shown = part + shown[len(part):]
        lines.append(shown.rstrip())
    return [line for line in lines if line]


def test_lines_stand_above_the_bar_which_goes_away():
    said = said_in_a_terminal()
    assert 'sample: 100%|' in said or 'sample:  52%|' in said
    lines = screen(said)
    assert [re.sub(r'^\d\d:\d\d:\d\d ', '', line) for line in lines] == ['a checkpoint',
                                                                        'sample: done']


def test_without_a_terminal_there_are_timed_lines():
    done = subprocess.run([sys.executable, '-c', SAY], cwd=ROOT, capture_output=True, text=True)
    lines = done.stderr.splitlines()
    assert '%|' not in done.stderr
    assert len(lines) == 42
    assert all(re.match(r'\d\d:\d\d:\d\d ', line) for line in lines)
    assert 'sample: 20 of 40 (50%), ' in done.stderr


@pytest.mark.parametrize('bars', ['1', '0'])
def test_what_starts_the_ranks_says_whether_there_is_a_terminal(bars):
    environment = {**os.environ, 'PHI4HPC_BARS': bars}
    done = subprocess.run([sys.executable, '-c', SAY], cwd=ROOT, capture_output=True, text=True,
                          env=environment)
    assert ('%|' in done.stderr) == (bars == '1')


@pytest.mark.parametrize(('number', 'said'), [(0, '0 ranks'), (1, '1 rank'), (2, '2 ranks')])
def test_one_of_a_thing_is_said_in_the_singular(number, said):
    assert counted(number, 'rank') == said
