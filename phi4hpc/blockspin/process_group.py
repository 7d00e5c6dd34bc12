"""torch's process group over the ranks of an MPI communicator, where each has a GPU of its own."""

import contextlib
import socket
from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist

from phi4hpc.errors import UserError
from phi4hpc.parallel.communicator import Communicator

TIMEOUT = timedelta(minutes=10)


@contextlib.contextmanager
def process_group(comm: Communicator, device: str = 'cpu') -> Iterator[None]:
    """A block in which the ranks of `comm` can add tensors up by NCCL, if each has its own GPU.

    Elsewhere the block does nothing, and MPI adds tensors up. Raises UserError where the ranks
    cannot reach each other.
    """
    if not _of_its_own(comm, torch.device(device)):
        yield
        return
    try:
        join(comm, 'nccl')
    except RuntimeError as error:
        said = ' '.join(str(error).split())[:300]
        raise UserError(f'the ranks cannot reach each other over the network ({said}): see that '
                        'NCCL_SOCKET_IFNAME names an interface that all machines have') from error
    try:
        yield
    finally:
        dist.destroy_process_group()


def join(comm: Communicator, backend: str) -> None:
    """Make the process group. Rank 0 listens on a port that the system picks. Collective."""
    hosts = comm.allgather(socket.gethostname())
    host = hosts[0] if len(set(hosts)) > 1 else '127.0.0.1'
    if comm.rank == 0:
        store = dist.TCPStore(host, 0, comm.size, is_master=True, wait_for_workers=False)
        comm.bcast(store.port)
    else:
        store = dist.TCPStore(host, comm.bcast(None), comm.size, is_master=False)
    dist.init_process_group(backend, store=store, rank=comm.rank, world_size=comm.size,
                            timeout=TIMEOUT)


def _of_its_own(comm: Communicator, device: torch.device) -> bool:
    """Return whether every one of several ranks has a GPU that no other has."""
    gpu = str(torch.cuda.get_device_properties(device).uuid) if device.type == 'cuda' else None
    gpus = comm.allgather(gpu)
    return comm.size > 1 and None not in gpus and len(set(gpus)) == comm.size
