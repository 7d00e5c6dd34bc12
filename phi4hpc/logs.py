"""What a run says while it runs: rank 0 alone, bars in a terminal, a timed line every so often in a batch log.

How far it is also stands in a small file, for `phi4hpc status` to read from elsewhere.
"""

import contextlib
import json
import logging
import os
import sys
import time

from phi4hpc.files import replace_text

NOTED = 2.0                       # seconds between two times that the file is brought up to date
log = logging.getLogger('phi4hpc')
follower = {}                     # the path of that file, and the stage at work


def start(rank, path=None, level=logging.INFO):
    """Send rank 0's log lines to stderr, and to the file `path` where one is given; the other ranks are silent."""
    log.setLevel(level if rank == 0 else logging.CRITICAL)
    log.propagate = False
    logging.raiseExceptions = False                                # a line that finds no room is not worth a traceback
    log.handlers.clear()
    handlers = [logging.StreamHandler(sys.stderr)]
    if path is not None and rank == 0:
        handlers.append(logging.FileHandler(path, encoding='utf-8'))
    for handler in handlers:
        handler.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
        log.addHandler(handler)


@contextlib.contextmanager
def followed(path, stage, rank=0):
    """A block in which every Progress of rank 0 writes to the file `path` how far it is with what `stage` does.

    It outlasts the block only where an error ends that, and until the next one: what is done has not stopped.
    """
    follower.update(path=path, stage=stage)
    if rank == 0:
        path.unlink(missing_ok=True)
    yield
    if rank == 0:
        path.unlink(missing_ok=True)


def wants_bars():
    """Return whether stderr leads to a terminal; under mpirun only what started it knows, and says PHI4HPC_BARS=1."""
    return os.environ.get('PHI4HPC_BARS') == '1' or sys.stderr.isatty()


class Progress:
    """Progress through `total` units of work, said by rank 0: `advance(n)` after each piece.

    A bar where `wants_bars()`; otherwise a line with rate and time left, at most once every `every` seconds. Either
    way a note of it in the file that `followed` names.
    """

    def __init__(self, what, total, rank=0, every=15.0):
        self.what, self.total, self.done, self.skipped, self.every = what, total, 0, 0, every
        self.speaks = rank == 0
        self.began = self.last = self.noted = time.monotonic()
        self.bar = None
        if self.speaks and wants_bars():
            from tqdm import tqdm

            self.bar = tqdm(total=total, desc=what, unit='step', file=sys.stderr, leave=False, dynamic_ncols=True)

    def skip(self, n):
        """Count `n` units as done before this run began."""
        self.done += n
        self.skipped = n
        if self.bar is not None:
            self.bar.update(n)

    def advance(self, n=1):
        """Count `n` more units as done, and say so where it is time."""
        n = min(n, self.total - self.done)                        # ranks that share units out count them roundly
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
            log.info('%s', told(**self._state(now)))

    def _state(self, now):
        """Return how far it is: a rate in units a second, known once some are done in this run."""
        elapsed = now - self.began
        rate = (self.done - self.skipped) / elapsed if elapsed > 0 else 0.0
        return {'what': self.what, 'done': self.done, 'total': self.total, 'rate': rate}

    def _note(self, now):
        self.noted = now
        if self.speaks and follower:
            note = {'stage': follower['stage'], 'time': time.time(), **self._state(now)}
            with contextlib.suppress(OSError):                     # what is lost on a full disk is but a note
                replace_text(follower['path'], json.dumps(note))

    def __enter__(self):
        self._note(self.began)
        return self

    def __exit__(self, *error):
        self._note(time.monotonic())
        if self.bar is not None:
            self.bar.close()


def told(what, done, total, rate):
    """Return in words how far something is: `total` units, at `rate` units a second."""
    left = f', {rate:.1f} a second, {clock((total - done) / rate)} left' if rate and done < total else ''
    return f'{what}: {done} of {total} ({100 * done / max(total, 1):.0f}%){left}'


def clock(seconds):
    """Return a duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02d}:{seconds:02d}' if hours else f'{minutes}:{seconds:02d}'
