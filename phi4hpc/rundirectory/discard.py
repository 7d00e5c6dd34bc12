"""Discarding what stages made: all of it or nothing, and a link to elsewhere stays a link.

Everything is first moved aside, into a folder `.discarded` beside it, and removed only when all of
it could be moved. Of a folder the content goes and the folder stays, for it may be a link or a
mount.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

ASIDE = '.discarded'


@contextlib.contextmanager
def discarded(paths: Iterable[Path]) -> Iterator[None]:
    """Remove files, and what is in folders, after the block, also where they are links elsewhere.

    Where one of them cannot be moved aside or the block fails, all are put back as they were.
    Raises OSError where one of them cannot be moved.
    """
    there = [Path(os.path.realpath(path)) for path in paths if path.exists()]
    clear_away(there)                                    # what a run that was killed here has left
    moved: list[tuple[Path, Path]] = []
    try:
        for path in there:
            move_aside(path, moved)
        yield
    except BaseException:
        for old, new in reversed(moved):
            os.replace(new, old)
        clear_away(there)
        raise
    clear_away(there)


def move_aside(path: Path, moved: list[tuple[Path, Path]]) -> None:
    """Move a file, or all that is in a folder, aside; add each (old path, new path) to `moved`."""
    aside = aside_of(path)
    aside.mkdir(exist_ok=True)
    for old in sorted(path.iterdir()) if path.is_dir() else [path]:
        if old != aside:
            os.replace(old, aside / old.name)
            moved.append((old, aside / old.name))


def clear_away(paths: Iterable[Path]) -> None:
    """Remove what was moved aside, and what an earlier run that was killed left there."""
    for aside in {aside_of(path) for path in paths}:
        if aside.exists():
            shutil.rmtree(aside)


def aside_of(path: Path) -> Path:
    """Return the folder into which `path` is moved, on the same disk."""
    return (path if path.is_dir() else path.parent) / ASIDE
