"""What a run says while it runs, by rank 0 alone: bars in a terminal, timed lines in a batch log.

How far it is also stands in a small file, for `phi4hpc status` to read from elsewhere.
"""

import contextlib
import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from phi4hpc.files import replace_text

NOTED = 2.0                       # seconds between two times that the file is brought up to date
log = logging.getLogger('phi4hpc')
follower: dict[str, Any] = {}     # the path of that file, and the stage at work


def start(rank: int, path: Path | None = None, level: int = logging.INFO) -> None:
    """Send the log lines of rank 0 to stderr, and to the file `path` where one is given.

    The other ranks are silent.
    """
    log.setLevel(level if rank == 0 else logging.CRITICAL)
    log.propagate = False
    # A line that finds no room is not worth a traceback.
    logging.raiseExceptions = False
    log.handlers.clear()
    handlers: list[logging.Handler] = [_AboveBars(sys.stderr)]
    if path is not None and rank == 0:
        handlers.append(logging.FileHandler(path, encoding='utf-8'))
    for handler in handlers:
        handler.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
        log.addHandler(handler)


class _AboveBars(logging.StreamHandler):
    """Writes to a stream; where bars are drawn, above them."""

    def emit(self, record):
        with _bars_away():
            super().emit(record)


def _bars_away():
    """Return a block during which no bar is seen, for what else is written to the terminal."""
    if not wants_bars():
        return contextlib.nullcontext()
    from tqdm import tqdm

    return tqdm.external_write_mode(file=sys.stderr)


@contextlib.contextmanager
def followed(path: Path, stage: str, rank: int = 0) -> Iterator[None]:
    """A block in which every Progress of rank 0 writes to a file how far it is with a stage.

    The file stays after the block only where an error ends it, and until the next block begins:
    `status` takes a stage that has one for stopped.
    """
    follower.update(path=path, stage=stage)
    if rank == 0:
        path.unlink(missing_ok=True)
    yield
    if rank == 0:
        path.unlink(missing_ok=True)


def wants_bars() -> bool:
    """Return whether stderr leads to a terminal.

    Under mpirun only what started that can know, and sets PHI4HPC_BARS=1.
    """
    return os.environ.get('PHI4HPC_BARS') == '1' or sys.stderr.isatty()


class Progress:
    """Progress through `total` units of work, said by rank 0: `advance(n)` after each piece.

    It is a bar where `wants_bars()`; otherwise a line with rate and time left, at most once every
    `every` seconds. Either way a note of it stands in the file that `followed` names.
    """

    def __init__(self, what: str, total: int, rank: int = 0, every: float = 15.0) -> None:
        self.what, self.total, self.done, self.skipped, self.every = what, total, 0, 0, every
        self.speaks = rank == 0
        self.began = self.last = self.noted = time.monotonic()
        self.bar = None
        if self.speaks and wants_bars():
            from tqdm import tqdm

            self.bar = tqdm(total=total, desc=what, unit='', file=sys.stderr, leave=False,
                            dynamic_ncols=True)

    def skip(self, n: int) -> None:
        """Count `n` units as done before this run began."""
        self.done += n
        self.skipped = n
        if self.bar is not None:
            self.bar.update(n)

    def advance(self, n: int = 1) -> None:
        """Count `n` more units as done, and say so where it is time."""
        # Ranks that share units out may count a few too many.
        n = min(n, self.total - self.done)
        self.done += n
        if not self.speaks:
            return
        now = time.monotonic()
        if now - self.noted > NOTED:
            self._note(now)
        if self.bar is not None:
            self.bar.update(n)
        elif now - self.last > self.every:
            self.last = now
            log.info('%s', in_words(**self._state(now)))

    def _state(self, now):
        """Return how far it is: a rate in units a second, known once some are done in this run."""
        elapsed = now - self.began
        rate = (self.done - self.skipped) / elapsed if elapsed > 0 else 0.0
        return {'what': self.what, 'done': self.done, 'total': self.total, 'rate': rate}

    def _note(self, now):
        self.noted = now
        if self.speaks and follower:
            note = {'stage': follower['stage'], 'time': time.time(), **self._state(now)}
            # What is lost on a full disk is only a note.
            with contextlib.suppress(OSError):
                replace_text(follower['path'], json.dumps(note))

    def __enter__(self) -> 'Progress':
        self._note(self.began)
        return self

    def __exit__(self, *error: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._note(time.monotonic())
        if self.bar is not None:
            self.bar.close()


def in_words(what: str, done: int, total: int, rate: float) -> str:
    """Return in words how far something is: `total` units, at `rate` units a second."""
    left = ''
    if rate and done < total:
        left = f', {rate:.1f} a second, {clock((total - done) / rate)} left'
    return f'{what}: {done} of {total} ({100 * done / max(total, 1):.0f}%){left}'


def counted(number: int, noun: str) -> str:
    """Return how many of something there are: '1 rank', '2 ranks'."""
    return f'{number:d} {noun}' if number == 1 else f'{number:d} {noun}s'


def clock(seconds: float) -> str:
    """Return a duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02d}:{seconds:02d}' if hours else f'{minutes}:{seconds:02d}'
