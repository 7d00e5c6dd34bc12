"""torch's process group over the ranks of an MPI communicator, which carries no more than the address."""

import contextlib
import os
import socket
from datetime import timedelta

import torch
import torch.distributed as dist

TIMEOUT = timedelta(minutes=10)


@contextlib.contextmanager
def process_group(comm, device='cpu'):
    """A block in which torch.distributed works over the ranks of `comm`; also for one rank.

    Rank 0 listens on a port that the system picks. NCCL where each rank has a GPU of its own, else gloo.
    """
    if 'OMP_NUM_THREADS' not in os.environ:
        torch.set_num_threads(1)
    host = _host(comm)
    if comm.rank == 0:
        store = dist.TCPStore(host, 0, comm.size, is_master=True, wait_for_workers=False)
        comm.bcast(store.port)
    else:
        store = dist.TCPStore(host, comm.bcast(None), comm.size, is_master=False)
    dist.init_process_group(_backend(comm, torch.device(device)), store=store, rank=comm.rank,
                            world_size=comm.size, timeout=TIMEOUT)
    try:
        yield
    finally:
        dist.destroy_process_group()


def _host(comm):
    """Return the name by which every rank finds rank 0; on one machine that is the loopback, for gloo too."""
    hosts = comm.allgather(socket.gethostname())
    if len(set(hosts)) > 1:
        return hosts[0]
    if 'lo' in (name for _, name in socket.if_nameindex()):
        os.environ.setdefault('GLOO_SOCKET_IFNAME', 'lo')
    return '127.0.0.1'


def _backend(comm, device):
    """Return `nccl` where every rank has a GPU that no other has, `gloo` otherwise."""
    gpu = str(torch.cuda.get_device_properties(device).uuid) if device.type == 'cuda' else None
    gpus = comm.allgather(gpu)
    return 'nccl' if None not in gpus and len(set(gpus)) == comm.size else 'gloo'
