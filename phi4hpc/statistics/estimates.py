"""Estimates of every observable: of a rung of ensembles.h5, or of draws before and after a model.

Axes: c chain, n draw, p the axis of an observable whose values are a list.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from phi4hpc.deck.schema import FEWEST_DRAWS
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.observable import Ensemble, Mean, Moments, Observable, moments
from phi4hpc.lattice.series import SERIES
from phi4hpc.parallel.leftout import left_out
from phi4hpc.statistics.convergence import convergence
from phi4hpc.statistics.free_form import free_form
from phi4hpc.statistics.gamma import estimate, obs
from phi4hpc.statistics.means import averaged, values
from phi4hpc.statistics.rungs import SYMMETRIC, value_of
from phi4hpc.storage.reader import Lattice

BLOCK = 256                      # draws whose fields are read at a time
Observables = Mapping[str, Observable]


def rung_estimates(lattice: Lattice, k: int, lam: float,
                   observables: Observables) -> dict[str, Any]:
    """Return the estimates of rung k from all its draws, with r_hat and effective_draws.

    `abs_magnetisation` and `hopping` must be among the observables. Where the propagator is among
    them, in the symmetric phase, `free_form` is the fit of the free propagator.
    """
    made = rung_values(lattice, k, lam, observables)
    found = plain(observables, made, lattice.L)
    slow = {'abs_magnetisation': abs(lattice.series('magnetisation', k)),
            'hopping': lattice.series('hopping', k)}
    found |= convergence(list(slow.values()), [found[name]['tau_int'] for name in slow])
    if 'propagator' in made and lattice.kappas[k] > 0 and value_of(found, 'binder') < SYMMETRIC:
        found['free_form'] = free_form(lattice_momentum(lattice.L), made['propagator'])
    return found


def rung_values(lattice: Lattice, k: int, lam: float, observables: Observables,
                average: Callable[[np.ndarray], Mean] = obs) -> dict[str, Mean]:
    """Return {name: pyerrors.Obs, a list of them, or None} of rung k from all its draws.

    `average` is as for `averaged`. Observables that need fields are made from the fields that are
    kept, and left out where these are too few.
    """
    ensemble = Ensemble(lattice.L, float(lattice.kappas[k]), lam)
    known = {name: each for name, each in observables.items() if not each.needs_fields}
    series = Draws.of_series(lattice.L, {name: lattice.series(name, k) for name in SERIES})
    found = values(known, averaged(moments(known, series), average), ensemble)
    others = {name: each for name, each in observables.items() if each.needs_fields}
    if others and lattice.fields >= FEWEST_DRAWS:
        of_fields = field_moments(lattice, k, others)
        found |= values(others, averaged(of_fields, average), ensemble)
    return found


def field_moments(lattice: Lattice, k: int, observables: Observables) -> Moments:
    """Return the moments (c, n) or (c, n, p) of all fields of a rung."""
    return stacked([[moments(observables, Draws.of_fields(phi)) for phi in blocks(lattice, k, c)]
                    for c in range(lattice.chains)])


def ladder_moments(lattice: Lattice, observables: Observables) -> Moments:
    """Return the moments (k, c, n) or (k, c, n, p) of all fields of a lattice."""
    if not observables:
        return {}
    rungs = [field_moments(lattice, k, observables) for k in range(len(lattice.kappas))]
    return {name: np.stack([rung[name] for rung in rungs]) for name in rungs[0]}


def blocks(lattice: Lattice, k: int, c: int, draws: slice = slice(None)) -> Iterator[np.ndarray]:
    """Yield phi_nyx of one rung and chain, BLOCK fields at a time, of `draws` of the fields."""
    first, last, _ = draws.indices(lattice.fields)
    for n in range(first, last, BLOCK):
        yield lattice.phi[k, c, n:min(n + BLOCK, last)]


def stacked(chains: Sequence[Sequence[Moments]]) -> Moments:
    """Return moments (c, n) or (c, n, p) from those of the blocks (n,) or (n, p) of each chain."""
    return {name: np.stack([np.concatenate([block[name] for block in chain]) for chain in chains])
            for name in chains[0][0]}


def compared(observables: Observables, before: Moments, after: Moments,
             ensemble: Ensemble) -> dict[str, Any]:
    """Return what a model does to means, from moments of the same draws before and after it.

    `original` and `reconstructed` are estimates; `difference` is reconstructed - original of each
    that is one value on both sides; `propagator_ratio` is reconstructed / original. Both sides
    fluctuate together, and the errors know that.
    """
    old, new = (values(observables, averaged(side), ensemble) for side in (before, after))
    both = [name for name, each in observables.items()
            if each.argument_name is None and None not in (old[name], new[name])]
    ratios = [one / of for one, of in zip(new['propagator'], old['propagator'], strict=True)]
    return {'original': plain(observables, old, ensemble.L),
            'reconstructed': plain(observables, new, ensemble.L),
            'difference': {name: estimate(new[name] - old[name]).as_dict() for name in both},
            'propagator_ratio': listed(ratios, observables['propagator'], ensemble.L)}


def plain(observables: Observables, found: Mapping[str, Mean], L: int) -> dict[str, Any]:
    """Return values, as pyerrors.Obs by name, as results.json keeps them; None: not defined."""
    kept: dict[str, Any] = dict.fromkeys(found)
    for name, value in found.items():
        with left_out(name):
            if value is not None:
                kept[name] = (listed(value, observables[name], L) if observables[name].argument_name
                              else estimate(value).as_dict())
    return kept


def listed(means: Sequence[Mean], observable: Observable, L: int) -> dict[str, list[float]]:
    """Return a list of pyerrors.Obs as results.json keeps it, beside the values of its argument."""
    estimated = [estimate(mean) for mean in means]
    argument = np.asarray(observable.argument(L))[:len(estimated)].tolist()
    return {str(observable.argument_name): argument,
            **{key: [getattr(e, key) for e in estimated] for key in ('value', 'error', 'tau_int')}}
