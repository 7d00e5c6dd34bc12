"""Checkpoints of a run's sampling: the fields of all replicas, and the sampler's state.

A rank writes the fields that it holds to a file of its own, so that a checkpoint takes no longer on
more ranks. Read back, fields are known by lattice and replica, and any number of ranks can share
them out anew.
"""

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from phi4hpc.parallel.communicator import Communicator
from phi4hpc.storage import generations
from phi4hpc.storage.hdf5 import writable

STATE = 'state.h5'

Fields = Mapping[str, tuple[np.ndarray, Sequence[int]]]
"""{group of a lattice: (phi_ryx of the replicas that this rank holds, bounds)}, where a rank holds
the replicas bounds[rank] ... bounds[rank + 1] - 1."""


def save(comm: Communicator, folder: str | os.PathLike, keep: int, fields: Fields,
         state: Mapping[str, Any]) -> None:
    """Add a generation to those in `folder`, of which the newest `keep` stay. Collective.

    `state`: {name: array}, the same on every rank.
    """
    def fill(path: Path) -> list[str]:
        with writable(path / fields_file(comm.rank)) as file:
            for group, (phi_ryx, _) in fields.items():
                file[group] = phi_ryx
        if comm.rank:
            return [fields_file(comm.rank)]
        with writable(path / STATE) as file:
            for group, (_, bounds) in fields.items():
                file[f'bounds/{group}'] = bounds
            for name, value in state.items():
                file[f'state/{name}'] = value
        return [STATE, fields_file(0)]

    generations.add(comm, folder, keep, fill)


def load(comm: Communicator, folder: str | os.PathLike, held: Mapping[str, tuple[int, int]],
         ) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """Return (fields, state) of the newest undamaged checkpoint, None where none is. Collective.

    `held`: {group: (first, last) replicas that this rank holds}; fields: {group: their phi_ryx}.
    The number of ranks may differ from that which saved.
    """
    path = generations.newest(comm, folder)
    if path is None:
        return None
    with h5py.File(path / STATE, 'r') as file:
        fields = {group: load_fields(path, group, file[f'bounds/{group}'][...], *replicas)
                  for group, replicas in held.items()}
        return fields, {name: value[()] for name, value in file['state'].items()}


def load_fields(path: Path, group: str, bounds: Sequence[int], first: int,
                last: int) -> np.ndarray:
    """Return phi_ryx of the replicas first ... last - 1 of a lattice, from the ranks' files."""
    pieces = []
    for rank, (begin, end) in enumerate(pairwise(bounds)):
        start, stop = max(first, begin) - begin, min(last, end) - begin
        if start < stop or rank == 0:                          # one file at least gives the shape
            with h5py.File(path / fields_file(rank), 'r') as file:
                pieces.append(file[group][start:max(start, stop)])
    return np.concatenate(pieces)


def fields_file(rank: int) -> str:
    """Return the name of the file of the fields that a rank held."""
    return f'fields.{rank:05d}.h5'
