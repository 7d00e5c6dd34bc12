"""Each algorithm by itself near the critical point, on fields that fit the cache of a core, or
fill a GPU."""

from time import perf_counter

import numpy as np

from phi4hpc.deck.algorithms import algorithm, names
from phi4hpc.deck.schema import Sample
from phi4hpc.device.device import Device
from phi4hpc.device.fields import Fields
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.sampling.start import normal

KAPPA, LAMBDA = 0.26955, 0.02                       # kappa_c(0.02)
WIDTH = 1.75                                        # half-width that has half of the hits accepted
WARM = 20                                           # sweeps before the clock runs
BATCH = {'host': 4, 'cuda': 32}                     # sweeps in one launch
SITES = {'host': 2**16, 'cuda': 2**24}              # of a rank
FIRST = 'metropolis'                                # brings the fields near equilibrium
SAMPLE = Sample()                                   # of a deck that says nothing of it


def timed() -> list[str]:
    """Return the algorithms that are timed: our own, in the order of the default recipe and then
    by name."""
    return [*dict.fromkeys([*(name for entry in SAMPLE.recipe for name in entry), *names()])]


def replicas(device: Device, L: int) -> int:
    """Return how many replicas of a lattice a rank has here."""
    return max(1, SITES[device.name] // L**2)


def time(comm: Communicator, device: Device, name: str, L: int, precision: str,
         seconds: float) -> tuple[int, float]:
    """Return (site visits, seconds) of this rank; compilation and first sweeps are not counted.
    Collective."""
    count, batch = replicas(device, L), BATCH[device.name]
    fields = Fields(device, L, precision, LAMBDA, 1, np.arange(count))
    fields.write(normal(L, [0], 1).repeat(count, 0))
    for other in {FIRST, name}:
        sweep(fields, other, 0, WARM)
    device.wait()
    comm.Barrier()
    began, sweeps = perf_counter(), 0
    while (elapsed := perf_counter() - began) < seconds:
        sweep(fields, name, WARM + sweeps, batch)
        device.wait()
        sweeps += batch
    return algorithm(name).visits(SAMPLE) * L * L * count * sweeps, elapsed


def sweep(fields: Fields, name: str, first: int, sweeps: int) -> None:
    """Make sweeps of an algorithm, with the step size that tuning begins with."""
    module, kappas = algorithm(name), np.full(fields.count, KAPPA)
    tuned = module.step_size(SAMPLE, fields.L) if hasattr(module, 'step_size') else None
    sizes = np.full(fields.count, tuned.first) if tuned else None
    module.launch(fields, SAMPLE, kappas, sizes, first, sweeps)
