"""What a model reconstructs: means over the same draws before and after it, at every kappa."""

from typing import Any

import numpy as np

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.models import Model
from phi4hpc.latent import losses
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import Fields, Tally, pieces
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, Moments, Observable, chosen, moments
from phi4hpc.lattice.orbits import momenta
from phi4hpc.parallel.communicator import Communicator, by_key, summed_over
from phi4hpc.parallel.leftout import about, finite
from phi4hpc.stages.context import Context
from phi4hpc.stages.shares import share, test_draws
from phi4hpc.statistics.estimates import compared
from phi4hpc.storage.reader import Lattice

Entry = dict[str, Any]
Observables = dict[str, Observable]
Series = dict[str, Moments]
"""Of the same draws, moments `before` and `after` a model, and what of them is `lost`."""


def reconstructions(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
                    tally: Tally) -> list[Entry]:
    """Return an entry for every kappa on rank 0, ascending; an empty list elsewhere.

    The means are over the test draws at the model's own kappa, over all draws at every other. The
    ranks share the draws of a kappa. Series of as many kappas as there are ranks are made, then
    each rank makes the estimates of one of these. Collective.
    """
    comm, entries, last = context.comm, dict[int, Entry](), len(lattice.kappas)
    observables = chosen('reconstructions', context.deck.measure.observables)
    for first in range(0, last, comm.size):
        own: Series = {}
        for k in range(first, min(first + comm.size, last)):
            phi_nyx = draws_of(context, model, lattice, k)
            own |= gathered(comm, series_of(comm, observables, model.latent, network, phi_nyx,
                                            f'rung{k}', tally), lattice.chains, k - first)
        if own:
            k = first + comm.rank
            ensemble = Ensemble(model.L, float(lattice.kappas[k]), context.deck.action.lam)
            with about(f'{model.name}, kappa = {ensemble.kappa:g}'):
                entries[k] = entry_of(observables, own, ensemble)
    return by_key(comm.gather(entries) or ())


def draws_of(context: Context, model: Model, lattice: Lattice, k: int) -> Fields:
    """Return this rank's draws of kappa number k."""
    own = k == lattice.rung(model.kappa)
    draws = test_draws(context, lattice) if own else slice(0, lattice.fields)
    return share(context.comm, lattice, k, draws).phi_nyx


def series_of(comm: Communicator, observables: Observables, latent: int, network: Autoencoder,
              phi_nyx: Fields, part: str, tally: Tally) -> Series:
    """Return the Series of this rank's draws, (n,), or (n, p) of observables that are a list.

    They are about as long as two lines of each field: nothing else grows with the number of draws.
    `part` names what is kept of them at a stop. Collective.
    """
    L, count = network.L, len(phi_nyx)
    own, power = pieces([slice(0, count)], L), {'power': np.zeros(len(momenta(L)))}
    for _, piece in tally.over(f'{part}-power', own, [power]):
        power['power'] += losses.orbit_powers(phi_nyx[piece])
    lost_h = losses.lost(summed_over(comm, power['power']), L, latent)
    shapes = {name: (count, *shape) for observable in observables.values()
              for name, shape in observable.shapes(L).items()}
    series: Series = {
        'before': {name: np.zeros(shape) for name, shape in shapes.items()},
        'after': {name: np.zeros(shape) for name, shape in shapes.items()},
        'lost': {'loss_cn': np.zeros(count), 'optimum_cn': np.zeros(count)}}
    for _, piece in tally.over(part, own, list(series.values())):
        before_nyx = phi_nyx[piece]
        after_nyx = reconstruct(network, before_nyx)
        found = {'before': moments(observables, Draws.of_fields(before_nyx)),
                 'after': moments(observables, Draws.of_fields(after_nyx)),
                 'lost': {'loss_cn': losses.of_model(before_nyx, after_nyx),
                          'optimum_cn': losses.of_optimum(before_nyx, lost_h)}}
        for side, arrays in found.items():
            for name, array in arrays.items():
                series[side][name][piece] = array
    return series


def gathered(comm: Communicator, own: Series, chains: int, root: int) -> Series:
    """Return the Series of all ranks' draws on the rank `root`, with the axes (c, n) in place of n,
    and nothing elsewhere. Collective.
    """
    found: Series = {side: {} for side in own} if comm.rank == root else {}
    for side, arrays in own.items():
        for name, array in arrays.items():
            if parts := comm.gather(array, root):
                found[side][name] = np.concatenate(parts).reshape(chains, -1, *array.shape[1:])
    return found


def entry_of(observables: Observables, series: Series, ensemble: Ensemble) -> Entry:
    """Return the entry of reconstructions.json of a kappa."""
    found = compared(observables, series['before'], series['after'], ensemble)
    found |= losses.compared(**series['lost'])
    return {'L': ensemble.L, 'kappa': ensemble.kappa,
            **{name: part and finite(part) for name, part in found.items()}}
