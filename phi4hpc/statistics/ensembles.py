"""Every mean of one hopping with its error: of a rung of ensembles.h5, or of configurations made of its draws."""

import numpy as np

from phi4hpc.lattice.observables import SERIES, axis_propagator, lattice_momentum
from phi4hpc.statistics import observables
from phi4hpc.statistics.gamma import mean

BLOCK = 256                      # draws read at a time


def estimates(densities_cnq, propagator_cnp, L):
    """Return {observable: plain dict} from the densities named by SERIES and |phi~(p)|^2 / Omega along the axes.

    Axes: c chain, n draw, q density, p momentum. `propagator` holds lists over momenta, with p^ among them.
    """
    series = dict(zip(SERIES, np.moveaxis(densities_cnq, -1, 0), strict=True))
    made = observables.cumulants(series.pop('magnetisation'), L**2) | {name: mean(s) for name, s in series.items()}
    propagator = {'p_hat': lattice_momentum(L).tolist(), **observables.propagator(propagator_cnp)}
    return {name: estimate.as_dict() for name, estimate in made.items()} | {'propagator': propagator}


def rung_estimates(lattice, k):
    """Return the estimates of rung k of a storage.reader.Lattice, all its draws."""
    densities_cnq = np.stack([lattice.series(name)[k] for name in SERIES], -1)
    propagator_cnp = np.stack([np.concatenate([axis_propagator(phi) for phi in blocks(lattice, k, c)])
                               for c in range(lattice.chains)])
    return estimates(densities_cnq, propagator_cnp, lattice.L)


def blocks(lattice, k, c, draws=slice(None)):
    """Yield phi_nyx of one rung and chain, some draws at a time; `draws`: those wanted, of the complete ones."""
    first, last, _ = draws.indices(lattice.draws)
    for n in range(first, last, BLOCK):
        yield lattice.phi[k, c, n:min(n + BLOCK, last)]
