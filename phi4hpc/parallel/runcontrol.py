"""What the outside asks of a running loop: by a signal, the walltime or a file STOP; checkpoints.

A handler only sets a flag. All ranks of a loop put their flags together at the same step, so they
act alike; how many steps lie between follows from rank 0's clock, so that asking costs nothing.
"""

import contextlib
import copy
import math
import os
import signal
import time
from collections.abc import Iterable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import TypeVar

from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import all_come

EVERY = 0.5                       # seconds between two times that ranks put their flags together
APART = 10.0                      # the same where they work apart and some wait for others then
T = TypeVar('T')


class Action(IntEnum):
    """What a loop is to do after a step; where several are asked for, the largest."""

    GO_ON = 0
    CHECKPOINT = 1
    STOP = 2                      # with a checkpoint


SIGNALS = {signal.SIGUSR1: Action.CHECKPOINT, signal.SIGUSR2: Action.STOP,
           signal.SIGTERM: Action.STOP, signal.SIGINT: Action.STOP}
INTERRUPTED = b'\nphi4hpc: stopping with a checkpoint; Ctrl-C once more ends it at once\n'


class Stopped(UserError):
    """The run was asked to stop, at `where`, and can go on later.

    By the code a batch job knows that it is to queue itself again.
    """

    code = 75                     # EX_TEMPFAIL

    def __init__(self, where: str) -> None:
        super().__init__(f'stopped {where}; the same command goes on from there')


class Signals:
    """Collects the signals of this process from now on, also where its parent had them blocked.

    A first Ctrl-C asks for a stop, which takes a while; a second one ends the process at once.
    """

    def __init__(self) -> None:
        self.heard: list[tuple[Action, str]] = []
        for number in SIGNALS:
            signal.signal(number, self._hear)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _hear(self, number, _):
        self.heard.append((SIGNALS[number], signal.Signals(number).name))
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
            # What is being printed may be interrupted here, so Python's own streams are not used.
            with contextlib.suppress(OSError):
                os.write(2, INTERRUPTED)

    def take(self) -> list[tuple[Action, str]]:
        """Return the (action, reason) of each signal since the last call."""
        heard, self.heard = self.heard, []
        return heard


def used_up(path: Path) -> str:
    """Remove the file that asks for a stop, or a folder of its name; return in words what asks."""
    try:
        path.rmdir() if path.is_dir() else path.unlink()
    except OSError as error:
        return f'{path}, which has to be removed by hand ({error.strerror}),'
    return f'the file {path}'


def passed_on(path: Path) -> Path:
    """Return the file by which one group of ranks passes on to others that it was stopped."""
    return path.with_name(f'{path.name}.group')


def clear(path: Path) -> None:
    """Remove what asked earlier runs for a stop, so that it does not stop one that begins now."""
    # Ranks that outlived a killed one may have passed its end on as a stop.
    passed_on(path).unlink(missing_ok=True)
    if path.exists():
        used_up(path)
        # What could not be removed stops this run, and is named then.
        if not path.exists():
            log.info('%s was there before this run began, and is removed: make it once the run is '
                     'at work to stop it', path)


class Control:
    """Says what the ranks of `comm` are to do after each step of a loop, alike on all of them.

    `signals`: those of this rank; `interval`: seconds from one checkpoint to the next; `walltime`:
    seconds from now after which to stop; `stop_file`: a path at which a file asks to stop, and is
    then removed. One that is there already was meant for an earlier run.
    """

    def __init__(self, comm: Communicator, signals: Signals | None = None,
                 interval: float = math.inf, walltime: float = math.inf,
                 stop_file: Path | None = None) -> None:
        self.comm, self.signals, self.interval, self.stop_file = comm, signals, interval, stop_file
        self.deadline = time.monotonic() + walltime
        self.apart = False
        if comm.rank == 0 and stop_file:
            clear(stop_file)
        self.begin()

    def within(self, comm: Communicator) -> 'Control':
        """Return the Control of a group of these ranks, `comm`, which works apart from the others.

        A stop that one group is asked for reaches the others by a file beside the one that asks
        for a stop. Both stay until `rejoin`.
        """
        group = copy.copy(self)
        group.comm, group.apart = comm, True
        group.begin()
        return group

    def rejoin(self, stopped: Stopped | None) -> None:
        """Let groups come together; raise Stopped where one of them was stopped. Collective.

        `stopped` is what stopped this rank's group.
        """
        # In the call below a group that is done would keep its cores busy until the others are.
        all_come(self.comm, math.inf)
        everyone = self.comm.allgather(stopped is not None)
        if self.comm.rank == 0 and self.stop_file and any(everyone):
            used_up(self.stop_file)
            passed_on(self.stop_file).unlink(missing_ok=True)
        if any(everyone):
            raise stopped or Stopped('in another group of ranks')

    def begin(self) -> None:
        """Say that a loop begins, whose steps may take longer or shorter than those before."""
        self.saved = self.asked = time.monotonic()
        self.stride, self.left = 1, 1

    def ask(self) -> Action:
        """Return the Action that is due after a step. Every rank calls it after every step."""
        self.left -= 1
        if self.left:
            return Action.GO_ON
        everyone = self.comm.allgather((max(self._wishes()), self._pace()))
        (action, reason), self.stride = max(wish for wish, _ in everyone), everyone[0][1]
        self.left = self.stride
        if action is not Action.GO_ON:
            self.saved = time.monotonic()
        if action is Action.STOP and self.apart and self.stop_file and self.comm.rank == 0:
            passed_on(self.stop_file).touch()
        if reason:
            log.info('%s: asks for a %s', reason, action.name.lower())
        return action

    def go_on_or_stop(self, where: str) -> None:
        """Raise Stopped where a stop is asked for; what was done before is safe. Collective."""
        self.begin()
        if self.ask() is Action.STOP:
            raise Stopped(where)

    def each(self, pieces: Iterable[T], where: str) -> Iterator[T]:
        """Yield the `pieces` of this rank's work; ranks may have different numbers of them.

        Raises Stopped where a stop is asked for meanwhile. Collective, though ranks meet only every
        APART seconds, and when all are done.
        """
        rest, left = iter(pieces), True
        while any(self.comm.allgather(left)):
            self.go_on_or_stop(where)
            met, left = time.monotonic(), False
            for piece in rest:
                yield piece
                if left := time.monotonic() - met >= APART:
                    break

    def _wishes(self):
        """Return the (action, reason) of all this rank knows of; rank 0 watches clock and file."""
        wishes = [(Action.GO_ON, ''), *(self.signals.take() if self.signals else ())]
        if self.comm.rank == 0:
            now = time.monotonic()
            if now > self.deadline:
                wishes.append((Action.STOP, 'the walltime'))
            if self.stop_file and self.stop_file.exists():
                reason = f'the file {self.stop_file}' if self.apart else used_up(self.stop_file)
                wishes.append((Action.STOP, reason))
            if self.stop_file and self.apart and passed_on(self.stop_file).exists():
                wishes.append((Action.STOP, 'another group of ranks'))
            if now - self.saved > self.interval:
                wishes.append((Action.CHECKPOINT, ''))
        return wishes

    def _pace(self):
        """Return how many steps take EVERY seconds, at most twice those since the last call."""
        now = time.monotonic()
        steps, self.asked = EVERY * self.stride / max(now - self.asked, 1e-6), now
        return max(1, min(int(steps), 2 * self.stride))
