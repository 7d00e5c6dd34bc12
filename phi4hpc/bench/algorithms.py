"""Each algorithm by itself near the critical point, on fields that fit the cache of a core, or fill a GPU."""

from time import perf_counter
from types import SimpleNamespace

import numpy as np

from phi4hpc.device.fields import Fields
from phi4hpc.sampling.cost import site_visits
from phi4hpc.sampling.start import normal

KAPPA, LAMBDA, WIDTH = 0.26955, 0.02, 1.75          # kappa_c(0.02), where this half-width accepts half of all hits
WARM = 20                                           # sweeps before the clock runs
BATCH = {'host': 4, 'cuda': 32}                     # sweeps in one launch
SITES = {'host': 2**16, 'cuda': 2**24}              # of a rank
HMC = SimpleNamespace(integrator='omelyan', length=5.0, steps=10)         # as of a deck that says nothing of it

CALLS = {
    'metropolis': lambda fields, kappas, first, sweeps:
        fields.metropolis(kappas, np.full(len(kappas), WIDTH), first, sweeps),
    'overrelaxation': Fields.overrelaxation,
    'cluster': Fields.cluster,
    'hmc': lambda fields, kappas, first, sweeps:
        fields.hmc(kappas, np.full(len(kappas), HMC.steps), first, sweeps, HMC.length, HMC.integrator),
}
"""Calls (fields, kappas, first sweep, sweeps) that are timed."""


def replicas(device, L):
    """Return how many replicas of a lattice a rank has here."""
    return max(1, SITES[device.name] // L**2)


def time(comm, device, algorithm, L, precision, seconds):
    """Return (site visits, seconds) of this rank; compilation and first sweeps are not counted. Collective."""
    count = replicas(device, L)
    fields, kappas, sweep = Fields(device, L, precision, LAMBDA, 1, np.arange(count)), np.full(count, KAPPA), WARM
    fields.write(normal(L, [0], 1).repeat(count, 0))
    for name in {'metropolis', algorithm}:
        CALLS[name](fields, kappas, 0, WARM)
    device.wait()
    comm.Barrier()
    began = perf_counter()
    while (elapsed := perf_counter() - began) < seconds:
        CALLS[algorithm](fields, kappas, sweep, BATCH[device.name])
        device.wait()
        sweep += BATCH[device.name]
    return site_visits(algorithm, HMC) * L * L * count * (sweep - WARM), elapsed
