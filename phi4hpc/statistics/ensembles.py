"""Every mean of one hopping with its error: of a rung of ensembles.h5, or of its draws before and after a model.

Axes: c chain, n draw, q density (SERIES), p momentum along an axis.
"""

import numpy as np

from phi4hpc.lattice.observables import SERIES, axis_propagator, lattice_momentum
from phi4hpc.statistics import observables
from phi4hpc.statistics.convergence import convergence
from phi4hpc.statistics.gamma import estimate, mean

BLOCK = 256                      # draws read at a time


def estimates(densities_cnq, propagator_cnp, L):
    """Return {observable: plain dict}; `propagator` holds lists over momenta, with p^ among them."""
    return plain(observables.means(densities_cnq, L**2)) | {
        'propagator': lists(observables.propagator(propagator_cnp), L)}


def compared(before, after, L):
    """Return what a model does to means, from (densities, propagators) of the same draws before and after it.

    `original` and `reconstructed` are as `estimates` gives them; `difference` holds reconstructed - original of each
    mean, `propagator_ratio` reconstructed / original. Both sides fluctuate together, which these errors know.
    """
    old, new = (observables.means(densities_cnq, L**2) for densities_cnq, _ in (before, after))
    modes, new_modes = (observables.propagator(propagator_cnp) for _, propagator_cnp in (before, after))
    ratios = [mode / of for mode, of in zip(new_modes, modes, strict=True)]
    return {'original': plain(old) | {'propagator': lists(modes, L)},
            'reconstructed': plain(new) | {'propagator': lists(new_modes, L)},
            'difference': plain({name: new[name] - old[name] for name in old}),
            'propagator_ratio': lists(ratios, L)}


def plain(means):
    """Return means, as pyerrors.Obs by name, in the form that results.json keeps."""
    return {name: estimate(mean).as_dict() for name, mean in means.items()}


def lists(modes, L):
    """Return a list of pyerrors.Obs over momenta in the form that results.json keeps."""
    estimated = [estimate(mode) for mode in modes]
    return {'p_hat': lattice_momentum(L).tolist(),
            **{key: [getattr(e, key) for e in estimated] for key in ('value', 'error', 'tau_int')}}


def rung_estimates(lattice, k):
    """Return the estimates of rung k of a storage.reader.Lattice, all its draws, with r_hat and effective_draws."""
    densities_cnq = np.stack([lattice.series(name)[k] for name in SERIES], -1)
    watched = abs(densities_cnq[..., 0]), densities_cnq[..., 1]               # the slow ones: |M| and the hopping
    propagator_cnp = np.stack([np.concatenate([axis_propagator(phi) for phi in blocks(lattice, k, c)])
                               for c in range(lattice.chains)])
    return estimates(densities_cnq, propagator_cnp, lattice.L) | convergence(watched, [mean(s) for s in watched])


def blocks(lattice, k, c, draws=slice(None)):
    """Yield phi_nyx of one rung and chain, some draws at a time; `draws`: those wanted, of the complete ones."""
    first, last, _ = draws.indices(lattice.draws)
    for n in range(first, last, BLOCK):
        yield lattice.phi[k, c, n:min(n + BLOCK, last)]
