"""Every mean of one rung of ensembles.h5, with its error."""

import numpy as np

from phi4hpc.lattice.observables import axis_propagator
from phi4hpc.statistics import observables
from phi4hpc.statistics.gamma import mean

BLOCK = 256                      # draws read at a time


def estimates(lattice, k):
    """Return {observable: plain dict} of rung k of a storage.reader.Lattice; `propagator` holds lists over momenta."""
    cumulants = observables.cumulants(lattice.series('magnetisation')[k], lattice.L**2)
    densities = {name: mean(lattice.series(name)[k]) for name in ('hopping', 'phi2', 'phi4')}
    plain = {name: estimate.as_dict() for name, estimate in {**cumulants, **densities}.items()}
    return plain | {'propagator': observables.propagator(propagator_series(lattice, k))}


def propagator_series(lattice, k):
    """Return |phi~(p)|^2 / Omega along the axes, (chain, draw, momentum), of every draw of rung k."""
    return np.stack([np.concatenate([axis_propagator(lattice.phi[k, c, n:min(n + BLOCK, lattice.draws)])
                                     for n in range(0, lattice.draws, BLOCK)]) for c in range(lattice.chains)])
