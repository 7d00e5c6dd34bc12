"""Checkpoints of a lattice's sampling: every replica's field, keyed by replica, and the sampler's state.

Rank 0 writes, a rank's fields at a time, under a temporary name; a kill at any moment leaves the last one whole.
"""

from pathlib import Path

import h5py
import numpy as np

from phi4hpc.files import settle
from phi4hpc.mpi import block


def save(comm, path, replicas, phi_ryx, state):
    """Write all fields, of `replicas` replicas, this rank's block being phi_ryx, and a dict of arrays. Collective."""
    if comm.rank:
        comm.Send(np.ascontiguousarray(phi_ryx), 0)
        return
    with h5py.File(f'{path}.new', 'w') as file:
        fields = file.create_dataset('phi', (replicas, *phi_ryx.shape[1:]), phi_ryx.dtype)
        for rank in range(comm.size):
            first, last = block(replicas, comm.size, rank)
            rows = phi_ryx if rank == 0 else np.empty((last - first, *phi_ryx.shape[1:]), phi_ryx.dtype)
            if rank:
                comm.Recv(rows, rank)
            fields[first:last] = rows
        for name, value in state.items():
            file[f'state/{name}'] = value
    settle(f'{path}.new', path)


def load(comm, path):
    """Return (phi_ryx of this rank's replicas, state), or None where there is no checkpoint. On any number of ranks."""
    if not comm.bcast(Path(path).exists()):
        return None
    with h5py.File(path, 'r') as file:
        fields = file['phi']
        first, last = block(len(fields), comm.size, comm.rank)
        return fields[first:last], {name: value[...] for name, value in file['state'].items()}
