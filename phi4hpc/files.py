"""Files that survive a kill at any moment: written under another name, synced, then renamed."""

import contextlib
import ctypes
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phi4hpc.errors import UserError

SYNC_FILE_RANGE = getattr(ctypes.CDLL(None), 'sync_file_range', None)      # Linux has it
WRITE = 2                         # its flag: begin to write, wait for nothing
AnyPath = str | os.PathLike[str]


@contextlib.contextmanager
def whole(path: AnyPath) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write a file or a folder to.

    At the end it takes the name `path`; after an error it is removed.

    Where `path` is a link it stays one, and the file that it leads to is replaced.
    """
    target = Path(os.path.realpath(path))
    temporary = Path(f'{target}.new')
    try:
        yield temporary
        settle(temporary, target)
    except BaseException as error:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            # A write says why it failed, and not where.
            error.filename = error.filename or str(path)
        raise


def settle(temporary: AnyPath, path: AnyPath) -> None:
    """Bring a complete file or folder to the disk, then to its name, and that to the disk too."""
    sync(temporary)
    os.replace(temporary, path)
    sync(Path(path).parent)


def sync(path: AnyPath) -> None:
    """Bring a file's content, or a folder's list of names, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class WriteBack:
    """Begins to bring the content of a file to the disk, where the system can.

    `sync` has less to do then. It works in a thread, since the system lets its caller wait where
    the disk is busy. The file is open all the time: to close it would take away the locks that this
    process has on it.
    """

    def __init__(self, path: AnyPath) -> None:
        self.handle = os.open(path, os.O_RDONLY)
        self.thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin with what was written up to now.

        Where an earlier call is still under way, nothing is done; the next call takes it too.
        """
        if SYNC_FILE_RANGE and not (self.thread and self.thread.is_alive()):
            args = self.handle, ctypes.c_int64(0), ctypes.c_int64(0), ctypes.c_uint(WRITE)
            self.thread = threading.Thread(target=SYNC_FILE_RANGE, args=args, daemon=True)
            self.thread.start()

    def close(self) -> None:
        """Wait for what is under way, and close the file."""
        if self.thread:
            self.thread.join()
        os.close(self.handle)


def write_text(path: AnyPath, text: str) -> None:
    """Write a text file."""
    with whole(path) as temporary:
        temporary.write_text(text, encoding='utf-8')


def checksum(path: AnyPath) -> str:
    """Return the SHA-256 of a file, as hex digits."""
    with open(path, 'rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def replace_text(path: AnyPath, text: str) -> None:
    """Write a text file that a reader never sees in part, and that may be lost with the machine."""
    temporary = Path(f'{path}.new')
    temporary.write_text(text, encoding='utf-8')
    os.replace(temporary, path)


def require_new(path: Path) -> None:
    """Raise UserError where a file that a user names is there already, or its folder is not."""
    if path.exists():
        raise UserError(f'{path}: is there already; remove it, or choose another name')
    if not path.parent.is_dir():
        raise UserError(f'{path}: there is no folder {path.parent}; make it, or choose another')


def make_folder(path: AnyPath) -> None:
    """Make a folder and those above it, behind a link too; one that is there is left alone."""
    os.makedirs(os.path.realpath(path), exist_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return what a JSON file says, {} where there is none.

    Raises UserError where it is damaged.
    """
    try:
        content = json.loads(path.read_text(encoding='utf-8')) if path.exists() else {}
        if isinstance(content, dict):
            return content
        raise ValueError(f'it holds a {type(content).__name__}')
    except (ValueError, RecursionError, IsADirectoryError) as error:
        raise UserError(f'{path}: damaged ({error}); remove it, and what it lists is done '
                        'again') from None


def write_json(path: AnyPath, value: Any) -> None:
    """Write plain values as JSON. Raises ValueError on a NaN, which JSON cannot say."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False))
