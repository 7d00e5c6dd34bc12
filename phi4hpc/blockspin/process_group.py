"""torch's process group over the ranks of an MPI communicator, which carries the address alone."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

import torch
import torch.distributed as dist

from phi4hpc.errors import UserError
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.network import host_of_first

TIMEOUT = timedelta(minutes=10)


@contextlib.contextmanager
def process_group(comm: Communicator, device: str = 'cpu') -> Iterator[None]:
    """A block in which torch.distributed works over the ranks of `comm`, also where it is one.

    Rank 0 listens on a port that the system picks. The backend is NCCL where each rank has a GPU of
    its own, else gloo. Raises UserError where the ranks cannot reach each other.
    """
    try:
        _join(comm, torch.device(device))
    except RuntimeError as error:
        said = ' '.join(str(error).split())[:300]
        raise UserError(f'the ranks cannot reach each other over the network ({said}): see that '
                        'GLOO_SOCKET_IFNAME or NCCL_SOCKET_IFNAME name one that all machines have'
                        ) from error
    try:
        yield
    finally:
        dist.destroy_process_group()


def _join(comm: Communicator, device: torch.device) -> None:
    host = host_of_first(comm)
    if comm.rank == 0:
        store = dist.TCPStore(host, 0, comm.size, is_master=True, wait_for_workers=False)
        comm.bcast(store.port)
    else:
        store = dist.TCPStore(host, comm.bcast(None), comm.size, is_master=False)
    dist.init_process_group(_backend(comm, device), store=store, rank=comm.rank,
                            world_size=comm.size, timeout=TIMEOUT)


def _backend(comm: Communicator, device: torch.device) -> str:
    """Return `nccl` where every rank has a GPU that no other has, `gloo` otherwise."""
    gpu = str(torch.cuda.get_device_properties(device).uuid) if device.type == 'cuda' else None
    gpus = comm.allgather(gpu)
    return 'nccl' if None not in gpus and len(set(gpus)) == comm.size else 'gloo'
