"""How fast the parts are on this machine; every rank works at once, as in a run."""

import json
import time

import numpy as np

from phi4hpc import mpi
from phi4hpc.device.choose import choose
from phi4hpc.device.fields import Fields
from phi4hpc.sampling.start import normal

KAPPA, LAMBDA, WIDTH = 0.269, 0.02, 1.9
WARM, BATCH = 20, 4                                 # sweeps before the clock runs, and in one launch
SITES = {'host': 2**16, 'cuda': 2**24}              # of a rank: in the cache of a core, enough to fill a GPU


def sampler(sizes, precisions, device, seconds, as_json):
    """Time Metropolis on every rank for about `seconds` each and print a table, or a list of objects as JSON.

    A core is a rank; on a GPU hits_per_second_per_core is per GPU and rank.
    """
    comm = mpi.world()
    with mpi.guard(comm):
        chosen, _ = choose(device, mpi.local_rank(comm))
        rows = [row(comm, chosen, L, precision, seconds) for precision in precisions for L in sizes]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


def row(comm, device, L, precision, seconds):
    """Return one line of the table. Collective."""
    hits, elapsed = metropolis(comm, device, L, precision, seconds)
    rate = comm.allreduce(hits) / max(comm.allgather(elapsed)) / comm.size
    return {'algorithm': 'metropolis', 'L': L, 'device': device.name, 'precision': precision, 'ranks': comm.size,
            'hits_per_second_per_core': rate}


def metropolis(comm, device, L, precision, seconds):
    """Return (hits, seconds) of this rank near the critical point; compilation and first sweeps are not counted."""
    replicas = np.arange(max(1, SITES[device.name] // L**2))
    fields = Fields(device, L, precision, LAMBDA, 1, replicas)
    fields.write(normal(L, replicas[:1], 1).repeat(len(replicas), 0))
    kappas, widths = np.full(len(replicas), KAPPA), np.full(len(replicas), WIDTH)
    fields.metropolis(kappas, widths, 0, WARM)
    comm.Barrier()
    began, sweeps = time.perf_counter(), WARM
    while (elapsed := time.perf_counter() - began) < seconds:
        fields.metropolis(kappas, widths, sweeps, BATCH)
        sweeps += BATCH
    return 2 * L * L * len(replicas) * (sweeps - WARM), elapsed


def table(rows):
    """Return the rows as text."""
    lines = [f'{"algorithm":<12}{"L":>6}  {"device":<6}  {"precision":<9}{"ranks":>6}{"M hits/s/core":>15}']
    lines += [f'{r["algorithm"]:<12}{r["L"]:>6}  {r["device"]:<6}  {r["precision"]:<9}{r["ranks"]:>6}'
              f'{r["hits_per_second_per_core"] / 1e6:>15.1f}' for r in rows]
    return '\n'.join(lines)
