"""What stages left in their files, by name. What an older version did not write is said in a line.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from phi4hpc.parallel.leftout import Missing

STAGES = {'results.json': 'measure', 'models/': 'train', 'latent.h5': 'analyse',
          'reconstructions.json': 'analyse', 'flow.json': 'flow'}
"""The stage that leaves each file."""

UNKNOWN = re.compile(r"object '(.+)' doesn't exist")
"""What h5py says of a name that a group does not have."""


class Left(dict[str, Any]):
    """What a stage left in a file, or a part of it. Raises Missing for a name that is not there."""

    def __init__(self, file: str, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.file = file

    def __missing__(self, name: str) -> Any:
        raise lacking(self.file, name)

    def __or__(self, other: Any) -> Any:
        return Left(self.file, super().__or__(other))


def lacking(file: str, name: str) -> Missing:
    """Return the error that says that a file lacks a name, and what to do."""
    return Missing(f'{file} has no {name}; if an older version wrote it, make it anew by '
                   f'`phi4hpc {STAGES[file]} DECK --restart`, then `phi4hpc report DECK`')


def left(file: str, values: Any) -> Any:
    """Return plain values with every dict in them as a Left of `file`."""
    if isinstance(values, dict):
        return Left(file, {name: left(file, value) for name, value in values.items()})
    return [left(file, value) for value in values] if isinstance(values, list) else values


@contextmanager
def reading(file: str) -> Iterator[None]:
    """A block that reads an HDF5 file. Raises Missing where a group of it lacks a name."""
    try:
        yield
    except KeyError as error:
        if not (found := UNKNOWN.search(str(error))):
            raise
        raise lacking(file, found[1]) from error
