"""The lock that keeps two runs from working in one directory; it lasts as long as its process."""

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO

from phi4hpc.errors import UserError

FILE = 'run.lock'


def take(folder: Path) -> IO[str]:
    """Lock the run directory `folder` and return the open file, which holds the lock.

    Raises UserError where another run holds it. A file system without locks keeps nobody out.
    """
    lock = open(folder / FILE, 'a+')          # noqa: SIM115, open as long as the run lasts
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise in_use(folder) from None
    except OSError:
        return lock
    lock.truncate(0)
    lock.write(f'process {os.getpid()} on {socket.gethostname()} since '
               f'{time.strftime("%Y-%m-%d %H:%M:%S")}\n')
    lock.flush()
    return lock


def in_use(folder: Path) -> UserError:
    """Return the error that says who is at work in the run directory `folder`, and what to do."""
    owner = (folder / FILE).read_text().strip()
    process, host = owner.split()[1:4:2] if len(owner.split()) > 3 else ('PROCESS', 'its host')
    return UserError(
        f'{folder}: in use by another run ({owner}); wait for it, or stop it: `touch '
        f'{folder}/STOP` has it end with a checkpoint, `kill -9 {process}` on {host} ends it at '
        'once, also where what started it is gone; or name another directory with --out')


def holder(folder: Path) -> str | None:
    """Return which process holds the lock of the run directory `folder`, None where none does."""
    try:
        with open(folder / FILE) as lock:
            fcntl.lockf(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return (folder / FILE).read_text().strip()
    except OSError:
        return None
    return None
