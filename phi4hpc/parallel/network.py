"""The network that torch's processes talk over, looked at before anything is trained.

Gloo takes the interface that GLOO_SOCKET_IFNAME names. A batch job may inherit the name from a
machine of another kind, and gloo would fail late and at length.
"""

import os
import socket

from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator

VARIABLE = 'GLOO_SOCKET_IFNAME'
LOOPBACK = 'lo'


def host_of_first(comm: Communicator) -> str:
    """Return the name by which every rank finds rank 0, and choose gloo's interface. Collective.

    On one machine both are the loopback's. On several the variable is the user's; raises UserError
    where it names an interface that a machine lacks.
    """
    everyone = comm.allgather((socket.gethostname(), _fault()))
    fault = max(fault for _, fault in everyone)
    if len({host for host, _ in everyone}) > 1:
        if fault:
            raise UserError(f'{fault}; set it to one that all machines have, or leave it out')
        return everyone[0][0]
    if LOOPBACK in _interfaces():
        if fault:
            log.warning('%s; taking %s', fault, LOOPBACK)
        os.environ[VARIABLE] = LOOPBACK
    return '127.0.0.1'


def _fault():
    """Return what is wrong with the interfaces that the variable names, '' where nothing is."""
    there = _interfaces()
    named = os.environ.get(VARIABLE, '').split(',')
    missing = [name for name in named if name and name not in there]
    if not missing:
        return ''
    return (f'{VARIABLE}={os.environ[VARIABLE]}: {socket.gethostname()} has no network interface '
            f'{", ".join(missing)}, only {", ".join(there)}')


def _interfaces():
    return [name for _, name in socket.if_nameindex()]
