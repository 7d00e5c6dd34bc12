"""Checkpoints of a run's sampling: the fields of every replica of every lattice, and the sampler's state.

A rank writes the fields that it holds to a file of its own, so that a checkpoint takes no longer on more ranks; read
back, they are known by lattice and replica, and any number of ranks can share them out anew.
"""

from itertools import pairwise

import h5py
import numpy as np

from phi4hpc.storage import generations
from phi4hpc.storage.hdf5 import written

STATE = 'state.h5'


def save(comm, folder, keep, fields, state):
    """Add a generation to those in `folder`, of which the newest `keep` stay. Collective.

    `fields`: {group of a lattice: (phi_ryx of the replicas that this rank holds, bounds)}, where a rank holds the
    replicas bounds[rank] ... bounds[rank + 1] - 1; `state`: {name: array}, the same on every rank.
    """
    def fill(path):
        with written(path / fields_file(comm.rank)) as file:
            for group, (phi_ryx, _) in fields.items():
                file[group] = phi_ryx
        if comm.rank:
            return [fields_file(comm.rank)]
        with written(path / STATE) as file:
            for group, (_, bounds) in fields.items():
                file[f'bounds/{group}'] = bounds
            for name, value in state.items():
                file[f'state/{name}'] = value
        return [STATE, fields_file(0)]

    generations.write(comm, folder, keep, fill)


def load(comm, folder, held):
    """Return (fields, state) as `save` was given last, None where no checkpoint is whole. On any number of ranks.

    `held`: {group: (first, last) replicas that this rank holds}; fields: {group: phi_ryx of these}. Collective.
    """
    path = generations.newest(comm, folder)
    if path is None:
        return None
    with h5py.File(path / STATE, 'r') as file:
        fields = {group: read(path, group, file[f'bounds/{group}'][...], *replicas) for group, replicas in held.items()}
        return fields, {name: value[()] for name, value in file['state'].items()}


def read(path, group, bounds, first, last):
    """Return the fields (r, y, x) of the replicas first ... last - 1 of a lattice, from the ranks' files at `path`."""
    pieces = []
    for rank, (begin, end) in enumerate(pairwise(bounds)):
        start, stop = max(first, begin) - begin, min(last, end) - begin
        if start < stop or rank == 0:                                      # at least one, for the shape of none
            with h5py.File(path / fields_file(rank), 'r') as file:
                pieces.append(file[group][start:max(start, stop)])
    return np.concatenate(pieces)


def fields_file(rank):
    """Return the name of the file of the fields that a rank held."""
    return f'fields.{rank:05d}.h5'
