"""Checkpoints of a run's sampling: the fields of every replica of every lattice, and the sampler's state.

Rank 0 writes, a rank's fields at a time, under a temporary name; a kill at any moment leaves the last one whole.
"""

from itertools import pairwise
from pathlib import Path

import h5py
import numpy as np

from phi4hpc.files import settle


def save(comm, path, fields, state):
    """Write a checkpoint. Collective.

    `fields`: {group of a lattice: (phi_ryx of the replicas that this rank holds, bounds)}, where a rank holds the
    replicas bounds[rank] ... bounds[rank + 1] - 1; `state`: {name: array}, the same on every rank.
    """
    if comm.rank:
        for phi_ryx, _ in fields.values():
            comm.Send(np.ascontiguousarray(phi_ryx), 0)
        return
    with h5py.File(f'{path}.new', 'w') as file:
        for group, (phi_ryx, bounds) in fields.items():
            dataset = file.create_dataset(f'fields/{group}', (bounds[-1], *phi_ryx.shape[1:]), phi_ryx.dtype)
            for rank, (first, last) in enumerate(pairwise(bounds)):
                dataset[first:last] = phi_ryx if rank == 0 else received(comm, rank, last - first, phi_ryx)
        for name, value in state.items():
            file[f'state/{name}'] = value
    settle(f'{path}.new', path)


def received(comm, rank, count, like):
    """Return `count` fields from a rank, of the shape and type of those in `like`."""
    rows = np.empty((count, *like.shape[1:]), like.dtype)
    comm.Recv(rows, rank)
    return rows


def load(comm, path, held):
    """Return (fields, state) as `save` was given, or None where there is no checkpoint. On any number of ranks.

    `held`: {group: (first, last) replicas that this rank holds}; fields: {group: phi_ryx of these}. Collective.
    """
    if not comm.bcast(Path(path).exists()):
        return None
    with h5py.File(path, 'r') as file:
        fields = {group: file[f'fields/{group}'][slice(*replicas)] for group, replicas in held.items()}
        return fields, {name: value[...] for name, value in file['state'].items()}
