"""Files that survive a kill at any moment: written under a temporary name, brought to the disk, then renamed."""

import contextlib
import ctypes
import hashlib
import json
import os
import threading
from pathlib import Path

from phi4hpc.errors import UserError

SYNC_FILE_RANGE = getattr(ctypes.CDLL(None), 'sync_file_range', None)      # Linux has it
WRITE = 2                                                                  # its flag: begin to write, wait for nothing


@contextlib.contextmanager
def whole(path):
    """Yield a temporary path beside `path` to write a file to; at the end it takes the name itself, or is removed.

    Where `path` is a link it stays one, and the file that it leads to is replaced.
    """
    target = Path(os.path.realpath(path))
    temporary = Path(f'{target}.new')
    try:
        yield temporary
        settle(temporary, target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)           # a write tells why it failed, but not where
        raise


def settle(temporary, path):
    """Bring a complete file or folder to the disk, then to its name, and the name to the disk too."""
    sync(temporary)
    os.replace(temporary, path)
    sync(Path(path).parent)


def sync(path):
    """Bring a file's content, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WriteBack:
    """Begins to bring the content of the file at `path` to the disk, where the system can: `sync` has less to do then.

    In a thread, for where the disk is busy the system lets its caller wait. The file is open all the time: to close it
    would take away the locks that this process has on it.
    """

    def __init__(self, path):
        self.handle, self.thread = os.open(path, os.O_RDONLY), None

    def begin(self):
        """Begin with what was written up to now, unless that before is still under way: the next time takes it, too."""
        if SYNC_FILE_RANGE and not (self.thread and self.thread.is_alive()):
            range_and_flag = ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(WRITE)
            self.thread = threading.Thread(target=SYNC_FILE_RANGE, args=(self.handle, *range_and_flag), daemon=True)
            self.thread.start()

    def close(self):
        """Wait for what is under way, and close the file."""
        if self.thread:
            self.thread.join()
        os.close(self.handle)


def write_text(path, text):
    """Write a text file."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def checksum(path):
    """Return the SHA-256 of a file, as hex digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def replace_text(path, text):
    """Write a text file that a reader never sees in part, and that may be lost with the machine."""
    temporary = Path(f'{path}.new')
    temporary.write_text(text, encoding='utf-8')
    os.replace(temporary, path)


def make_folder(path):
    """Make a folder and those above it, where a link leads where it leads; one that is there is left alone."""
    os.makedirs(os.path.realpath(path), exist_ok=True)


def read_json(path):
    """Return what a JSON file says, {} where there is none. Raises UserError where it is damaged."""
    try:
        content = json.loads(path.read_text(encoding='utf-8')) if path.exists() else {}
        if isinstance(content, dict):
            return content
        raise ValueError(f'it holds a {type(content).__name__}')
    except (ValueError, RecursionError, IsADirectoryError) as error:
        raise UserError(f'{path}: damaged ({error}); remove it, and what it lists is done again') from None


def write_json(path, value):
    """Write plain values as JSON. Raises ValueError on a NaN, which JSON cannot say."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False))
