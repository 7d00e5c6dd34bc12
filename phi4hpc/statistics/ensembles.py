"""Every mean of one hopping with its error: of a rung of ensembles.h5, or of its draws before and after a model.

Axes: c chain, n draw, q density (DENSITIES), p momentum on a line through the origin.
"""

import numpy as np

from phi4hpc.deck.schema import FEWEST_DRAWS
from phi4hpc.lattice.observables import (
    DENSITIES,
    SERIES,
    axis_propagator,
    correlator,
    diagonal_propagator,
    lattice_momentum,
)
from phi4hpc.statistics import observables
from phi4hpc.statistics.convergence import convergence
from phi4hpc.statistics.free_form import free_form
from phi4hpc.statistics.gamma import estimate
from phi4hpc.statistics.rungs import SYMMETRIC, value_of

BLOCK = 256                      # draws read at a time


def named(densities_cnq, propagator_cnp):
    """Return {name: series (chain, draw)} of the densities, and of `mode`, the propagator at the smallest momentum."""
    return {name: densities_cnq[..., q] for q, name in enumerate(DENSITIES)} | {'mode': propagator_cnp[..., 1]}


def compared(before, after, L):
    """Return what a model does to means, from (densities, propagators) of the same draws before and after it.

    `original` and `reconstructed` hold means and axis propagators; `difference` reconstructed - original of each mean
    that both have, `propagator_ratio` reconstructed / original. Both sides fluctuate together, which these errors know.
    """
    old, new = (observables.means(named(*draws), L) for draws in (before, after))
    modes, new_modes = (observables.over_momenta(propagator_cnp) for _, propagator_cnp in (before, after))
    ratios = [mode / of for mode, of in zip(new_modes, modes, strict=True)]
    return {'original': plain(old) | {'propagator': lists(modes, p_hat=lattice_momentum(L))},
            'reconstructed': plain(new) | {'propagator': lists(new_modes, p_hat=lattice_momentum(L))},
            'difference': plain({name: new[name] - old[name] for name in old if None not in (old[name], new[name])}),
            'propagator_ratio': lists(ratios, p_hat=lattice_momentum(L))}


def plain(means):
    """Return means, as pyerrors.Obs by name, in the form that results.json keeps; what is not defined stays None."""
    return {name: mean if mean is None else estimate(mean).as_dict() for name, mean in means.items()}


def lists(means, **argument):
    """Return a list of pyerrors.Obs in the form that results.json keeps, beside the values of its argument."""
    estimated = [estimate(mean) for mean in means]
    return {**{name: np.asarray(values).tolist() for name, values in argument.items()},
            **{key: [getattr(e, key) for e in estimated] for key in ('value', 'error', 'tau_int')}}


def rung_estimates(lattice, k):
    """Return the estimates of rung k of a storage.reader.Lattice, all its draws, with r_hat and effective_draws.

    Propagators and correlators come from the fields that are kept, and are left out where these are too few. In the
    symmetric phase `free_form` is the fit of the free propagator, None where none is found.
    """
    series = {name: lattice.series(name, k) for name in SERIES}
    found = plain(observables.means(series, lattice.L))
    slow = abs(series['magnetisation']), series['hopping']
    found |= convergence(slow, [found[name]['tau_int'] for name in ('abs_magnetisation', 'hopping')])
    if lattice.fields < FEWEST_DRAWS:
        return found
    axis_cnp, diagonal_cnp = lines(lattice, k)
    found |= in_momentum_space(axis_cnp, diagonal_cnp, lattice.L) | in_time(axis_cnp)
    if lattice.kappas[k] > 0 and value_of(found, 'binder') < SYMMETRIC:
        found['free_form'] = free_form(lattice_momentum(lattice.L), observables.over_momenta(axis_cnp))
    return found


def lines(lattice, k):
    """Return |phi~(p)|^2 / Omega of all fields of a rung, (chain, draw, momentum), along the axes and the diagonals."""
    chains = [[(axis_propagator(phi), diagonal_propagator(phi)) for phi in blocks(lattice, k, c)]
              for c in range(lattice.chains)]
    return [np.stack([np.concatenate([block[i] for block in chain]) for chain in chains]) for i in (0, 1)]


def in_momentum_space(axis_cnp, diagonal_cnp, L):
    """Return the propagators along the axes and the diagonals, as lists over momenta with p^ among them."""
    return {'propagator': lists(observables.over_momenta(axis_cnp), p_hat=lattice_momentum(L)),
            'diagonal_propagator': lists(observables.over_momenta(diagonal_cnp), p_hat=lattice_momentum(L, 2))}


def in_time(axis_cnp):
    """Return the correlator of time slices and the effective mass, as lists over t."""
    slices = observables.over_momenta(correlator(axis_cnp))
    masses = observables.effective_mass(slices)
    return {'correlator': lists(slices, t=range(len(slices))),
            'effective_mass': lists(masses, t=range(1, len(masses) + 1))}


def blocks(lattice, k, c, draws=slice(None)):
    """Yield phi_nyx of one rung and chain, some fields at a time; `draws`: those wanted, of the fields."""
    first, last, _ = draws.indices(lattice.fields)
    for n in range(first, last, BLOCK):
        yield lattice.phi[k, c, n:min(n + BLOCK, last)]
