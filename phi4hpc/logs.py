"""What a run says while it runs: rank 0 alone, bars in a terminal, a timed line every so often in a batch log."""

import logging
import os
import sys
import time

log = logging.getLogger('phi4hpc')


def start(rank, path=None, level=logging.INFO):
    """Send rank 0's log lines to stderr, and to the file `path` where one is given; the other ranks are silent."""
    log.setLevel(level if rank == 0 else logging.CRITICAL)
    log.propagate = False
    log.handlers.clear()
    handlers = [logging.StreamHandler(sys.stderr)]
    if path is not None and rank == 0:
        handlers.append(logging.FileHandler(path))
    for handler in handlers:
        handler.setFormatter(logging.Formatter('%(asctime)s %(message)s', '%H:%M:%S'))
        log.addHandler(handler)


def wants_bars():
    """Return whether stderr leads to a terminal; under mpirun only what started it knows, and says PHI4HPC_BARS=1."""
    return os.environ.get('PHI4HPC_BARS') == '1' or sys.stderr.isatty()


class Progress:
    """Progress through `total` units of work, said by rank 0: `advance(n)` after each piece.

    A bar where `wants_bars()`; otherwise a line with rate and time left, at most once every `every` seconds.
    """

    def __init__(self, what, total, rank=0, every=15.0):
        self.what, self.total, self.done, self.skipped, self.every = what, total, 0, 0, every
        self.speaks = rank == 0
        self.began = self.last = time.monotonic()
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
        if self.bar is not None:
            self.bar.update(n)
        elif self.speaks and time.monotonic() - self.last > self.every:
            self._line()

    def _line(self):
        self.last = time.monotonic()
        rate = (self.done - self.skipped) / (self.last - self.began)
        log.info('%s: %d of %d (%.0f%%), %.1f a second, %s left', self.what, self.done, self.total,
                 100 * self.done / self.total, rate, clock((self.total - self.done) / rate))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.bar is not None:
            self.bar.close()


def clock(seconds):
    """Return a duration as h:mm:ss or m:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f'{hours}:{minutes:02d}:{seconds:02d}' if hours else f'{minutes}:{seconds:02d}'
