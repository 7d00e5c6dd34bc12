"""Control of a running loop: what asks for a checkpoint or stop, and how often ranks talk of it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mpi4py import MPI

from phi4hpc.parallel import runcontrol
from phi4hpc.parallel.runcontrol import Action, Control, Signals, Stopped, used_up

ROOT = Path(__file__).parents[2]


class Alone:
    """A communicator of one rank that counts how often it is used."""

    rank, size = 0, 1

    def __init__(self):
        self.talks = 0

    def allgather(self, value):
        self.talks += 1
        return [value]


@pytest.fixture
def signals():
    """Return the Signals of this process, and put its handlers back afterwards."""
    before = {number: signal.getsignal(number) for number in runcontrol.SIGNALS}
    yield Signals()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_nothing_is_asked_of_a_loop_that_nobody_disturbs():
    control = Control(MPI.COMM_SELF)
    assert {control.ask() for _ in range(1000)} == {Action.GO_ON}


@pytest.mark.parametrize(('number', 'action'), [
    (signal.SIGUSR1, Action.CHECKPOINT), (signal.SIGUSR2, Action.STOP),
    (signal.SIGTERM, Action.STOP), (signal.SIGINT, Action.STOP)])
def test_a_signal_is_acted_on_once(signals, number, action):
    control = Control(MPI.COMM_SELF, signals)
    os.kill(os.getpid(), number)
    assert [control.ask(), control.ask()] == [action, Action.GO_ON]


def test_a_second_interrupt_does_not_wait_for_a_stop(signals, capfd):
    signal.raise_signal(signal.SIGINT)
    assert 'Ctrl-C once more' in capfd.readouterr().err
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_a_signal_is_heard_though_the_parent_had_it_blocked():
    """As of a batch script that blocks the signals of its steps."""
    code = ('import os, signal; from phi4hpc.parallel.runcontrol import Signals; s = Signals(); '
            'os.kill(os.getpid(), signal.SIGUSR2); print(s.take())')
    started = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=ROOT,
                             preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK,
                                                                       runcontrol.SIGNALS))
    assert 'SIGUSR2' in started.stdout


def test_of_two_wishes_the_stop_counts(signals):
    control = Control(MPI.COMM_SELF, signals)
    for number in (signal.SIGUSR2, signal.SIGUSR1):
        os.kill(os.getpid(), number)
    assert control.ask() is Action.STOP


@pytest.mark.parametrize('make', [Path.touch, Path.mkdir])
def test_a_file_or_folder_asks_to_stop_and_is_used_up(tmp_path, make):
    control = Control(MPI.COMM_SELF, stop_file=tmp_path / 'STOP')
    assert control.ask() is Action.GO_ON
    make(tmp_path / 'STOP')
    control.begin()
    assert control.ask() is Action.STOP
    assert not (tmp_path / 'STOP').exists()


@pytest.mark.parametrize('make', [Path.touch, Path.mkdir])
def test_a_file_from_before_the_run_stops_nothing_and_is_removed(tmp_path, make, caplog,
                                                                 monkeypatch):
    monkeypatch.setattr(runcontrol.log, 'propagate', True)
    make(tmp_path / 'STOP')
    with caplog.at_level('INFO', 'phi4hpc'):
        control = Control(MPI.COMM_SELF, stop_file=tmp_path / 'STOP')
    assert not (tmp_path / 'STOP').exists()
    assert control.ask() is Action.GO_ON
    said, = caplog.messages
    assert 'STOP was there before this run began, and is removed' in said


def test_what_cannot_be_used_up_asks_to_stop_and_is_named(tmp_path):
    (tmp_path / 'STOP' / 'full').mkdir(parents=True)
    assert Control(MPI.COMM_SELF, stop_file=tmp_path / 'STOP').ask() is Action.STOP
    said = used_up(tmp_path / 'STOP')
    assert 'STOP, which has to be removed by hand (Directory not empty),' in said


def test_the_walltime_stops():
    assert Control(MPI.COMM_SELF, walltime=-1).ask() is Action.STOP
    assert Control(MPI.COMM_SELF, walltime=60).ask() is Action.GO_ON


def test_checkpoints_are_due_at_intervals(monkeypatch):
    monkeypatch.setattr(runcontrol, 'EVERY', 0.001)
    control, began, times = Control(MPI.COMM_SELF, interval=0.05), time.monotonic(), []
    while time.monotonic() - began < 0.5:
        if control.ask() is Action.CHECKPOINT:
            times.append(time.monotonic())
    gaps = [b - a for a, b in zip([began, *times], times, strict=False)]
    assert min(gaps) >= 0.05
    assert len(times) >= 3


@pytest.mark.parametrize('seconds', [0.0001, 0.01, 1.0],
                         ids=['fast', 'slow', 'slower than the pace'])
def test_ranks_talk_twice_a_second_however_long_a_step_takes(monkeypatch, seconds):
    now = [0.0]
    monkeypatch.setattr(runcontrol.time, 'monotonic', lambda: now[0])
    comm, steps = Alone(), int(60 / seconds)
    control = Control(comm)
    for _ in range(steps):
        now[0] += seconds
        control.ask()
    wanted = min(steps, 60 / runcontrol.EVERY)
    assert wanted <= comm.talks <= wanted + 20


def test_a_stop_is_heard_between_two_pieces_of_work(signals, monkeypatch):
    monkeypatch.setattr(runcontrol, 'APART', 0.0)
    work = Control(MPI.COMM_SELF, signals).each([1, 2, 3], 'before the means')
    assert [next(work), next(work)] == [1, 2]
    os.kill(os.getpid(), signal.SIGUSR2)
    with pytest.raises(Stopped, match='stopped before the means; '):
        next(work)


def test_pieces_of_work_are_all_done_in_their_order_and_talked_about_seldom():
    control = Control(Alone())
    assert list(control.each(iter(range(1000)), 'here')) == list(range(1000))
    assert control.comm.talks == 3
