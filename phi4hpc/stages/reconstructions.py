"""What a model reconstructs: means over the same draws before and after it, at every kappa."""

import time
from collections.abc import Iterator
from typing import Any

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.models import Model
from phi4hpc.deck.parts import split
from phi4hpc.latent import losses
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import Tally
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, Moments, chosen, moments
from phi4hpc.parallel.leftout import about, finite
from phi4hpc.stages.context import Context
from phi4hpc.statistics.estimates import blocks, compared, stacked
from phi4hpc.storage.reader import Lattice

Entry = dict[str, Any]


def test_draws(context: Context, lattice: Lattice) -> slice:
    """Return the slice of the draws of every chain that had no part in training a model.

    Nor did they in the choice of its best epoch.
    """
    assert context.deck.train
    return split(lattice.draws, context.deck.train.held_out)[2]


def reconstructions(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
                    tally: Tally) -> list[Entry]:
    """Return an entry for every kappa on rank 0, ascending; an empty list elsewhere.

    The means are over the test draws at the model's own kappa, over all draws at every other. The
    kappas are shared out over the ranks. What takes long is kept, kappa by kappa. Collective.
    """
    comm, entries = context.comm, dict[int, Entry]()
    own = range(comm.rank, len(lattice.kappas), comm.size)

    def steps() -> Iterator[None]:
        for k in own:
            begun = time.monotonic()
            if kept := tally.kept(f'rung{k}'):
                entries[k] = kept
                continue
            yield from reconstruct_rung(context, model, network, lattice, k, entries)
            if tally.worthwhile(begun):
                tally.keep(f'rung{k}', entries[k])

    for _ in tally.each(steps()):
        pass
    everyone = [item for part in comm.gather(entries) or () for item in part.items()]
    return [entry for _, entry in sorted(everyone)]


def reconstruct_rung(context: Context, model: Model, network: Autoencoder, lattice: Lattice, k: int,
                     entries: dict[int, Entry]) -> Iterator[None]:
    """Add the entry of rung k to `entries`; yield after each step, which takes some draws."""
    ensemble = Ensemble(model.L, float(lattice.kappas[k]), context.deck.action.lam)
    observables = chosen('reconstructions', context.deck.measure.observables)
    draws = test_draws(context, lattice) if k == lattice.rung(model.kappa) else slice(None)
    before: list[list[Moments]] = [[] for _ in range(lattice.chains)]
    after: list[list[Moments]] = [[] for _ in range(lattice.chains)]
    lost: list[list[Moments]] = [[] for _ in range(lattice.chains)]
    for c in range(lattice.chains):
        for phi_nyx in blocks(lattice, k, c, draws):
            mapped_nyx = reconstruct(network, phi_nyx)
            before[c].append(moments(observables, Draws.of_fields(phi_nyx)))
            after[c].append(moments(observables, Draws.of_fields(mapped_nyx)))
            lost[c].append({'loss_cn': losses.of_model(phi_nyx, mapped_nyx),
                            'power_cno': losses.orbit_powers(phi_nyx)})
            yield
    with about(f'{model.name}, kappa = {ensemble.kappa:g}'):
        found = compared(observables, stacked(before), stacked(after), ensemble)
        found |= losses.compared(**stacked(lost), L=model.L, latent=model.latent)
        entries[k] = {'L': model.L, 'kappa': ensemble.kappa,
                      **{name: finite(part) for name, part in found.items()}}
