"""The stage flow: flow.h5, sums over blocked configurations, and flow.json, what follows from them.

Each unit, a block spin on the draws of one lattice and kappa, is added to flow.h5 when it is done.
"""

from collections import defaultdict
from dataclasses import replace
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from phi4hpc.blockspin import shards
from phi4hpc.deck.schema import Deck, Flow
from phi4hpc.files import write_json
from phi4hpc.flow import calibration, flowfile
from phi4hpc.flow.block import Encode
from phi4hpc.flow.chain import Chain, sizes
from phi4hpc.flow.estimates import Estimates, beside_smaller
from phi4hpc.flow.normalised import Normalisation
from phi4hpc.flow.sums import Known, Operators, Sums, add
from phi4hpc.flow.units import Unit, units
from phi4hpc.lattice.operator import nested
from phi4hpc.logs import Progress, counted, log
from phi4hpc.parallel import jackknife
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator, Pieces, summed_over
from phi4hpc.parallel.leftout import announce, note
from phi4hpc.stages.context import Context
from phi4hpc.stages.shares import share
from phi4hpc.storage.hdf5 import changed, readable
from phi4hpc.storage.reader import Ensembles, Lattice

REMEDY = 'remove it, and everything is blocked anew'


def run(context: Context) -> None:
    """Block the draws of every unit that is not done yet, then write flow.json. Collective."""
    wanted, comm = units(context.deck), context.comm
    if any(unit.model for unit in wanted):
        context.directory.require('train')
    wanted = [unit for unit in wanted if there(context, unit)]
    done = comm.bcast(finished(context) if comm.rank == 0 else None)
    missing = [unit for unit in wanted if unit.group not in done]
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        draws = {unit.group: ensembles[unit.L].chains * ensembles[unit.L].fields for unit in wanted}
        with Progress('block', sum(draws.values()), comm.rank) as progress:
            progress.skip(sum(draws[unit.group] for unit in wanted if unit not in missing))
            for _, alike in groupby(sorted(missing, key=draws_of), draws_of):
                known: dict[bool, Known] = {False: {}, True: {}}
                for unit in alike:
                    follow(context, unit, ensembles, progress, known)
    if comm.rank == 0:
        if not context.directory.file('flow.h5').exists():
            with changed(context.directory.file('flow.h5')):
                pass
        write_json(context.directory.file('flow.json'), results(context, wanted))
    announce(comm)


def draws_of(unit: Unit) -> tuple[int, float]:
    """Return which draws a unit is about: L and kappa."""
    return unit.L, unit.kappa


def there(context: Context, unit: Unit) -> bool:
    """Return whether a unit can be done, and note why where its model diverged."""
    if unit.model is None or weights(context, unit).exists():
        return True
    note(unit.group, 'the training of its model diverged')
    return False


def weights(context: Context, unit: Unit) -> Path:
    """Return the path of the weights of a learned block spin."""
    assert unit.model
    return context.directory.file('models', f'{unit.model.name}.pt')


def finished(context: Context) -> set[str]:
    """Return the units that flow.h5 holds, by the names of their groups."""
    path = context.directory.file('flow.h5')
    if not path.exists():
        return set()
    with readable(path, REMEDY) as file:
        return {f'{blocks}/{draws}' for blocks, group in file.items() for draws in group}


def follow(context: Context, unit: Unit, ensembles: Ensembles, progress: Progress,
           known: dict[bool, Known]) -> None:
    """Add one unit to flow.h5. Collective.

    `known`: what is measured of the same draws as stored, of the fields and of their signs.
    """
    lattice, each = ensembles[unit.L], partial(context.control.each, where=f'before {unit.group}')
    encode = encoder(context, unit) if unit.model else None
    variance = trained_on(ensembles, unit)
    chain = chain_of(context.deck, unit, encode)
    if not unit.block.homogeneous:
        chain = replace(chain, factors=calibrated(context.comm, chain, lattice, unit, variance,
                                                  each))
    operators = Operators.of(nested(flow_of(context.deck).operators), chain)
    sums = added_up(context.comm, chain, operators, lattice, unit, each, progress,
                    known[chain.of_signs] if chain.as_stored else None)
    if context.comm.rank == 0:
        estimates = Estimates(Normalisation(chain, operators, variance), sums)
        add_group(context.directory.file('flow.h5'), unit, estimates, sums)
    log.info('flow %s: %s at %s', unit.group, counted(int(sums['draws'].sum()), 'draw'),
             counted(len(chain.sizes), 'level'))


def flow_of(deck: Deck) -> Flow:
    """Return the section of the deck, without which there is nothing to do here."""
    assert deck.flow
    return deck.flow


def chain_of(deck: Deck, unit: Unit, encode: Encode | None = None) -> Chain:
    """Return the levels of a unit; its fields are divided by nothing."""
    return Chain(unit.block, encode, sizes(unit.L, flow_of(deck).smallest), deck.seed)


def encoder(context: Context, unit: Unit) -> Encode:
    """Return the encoder of a learned block spin."""
    from phi4hpc.blockspin import modelfile
    from phi4hpc.flow.encoder import Encoder
    from phi4hpc.stages.train import torch_device

    assert unit.model
    device = torch_device(context.device)
    return Encoder(modelfile.load(weights(context, unit), unit.model, device))


def trained_on(ensembles: Ensembles, unit: Unit) -> float | None:
    """Return <phi^2> of the ensemble that a learned block spin learned from; None for others."""
    if unit.model is None:
        return None
    lattice = ensembles[unit.model.L]
    return float(lattice.series('phi2', lattice.rung(unit.model.kappa)).mean())


def calibrated(comm: Communicator, chain: Chain, lattice: Lattice, unit: Unit,
               variance: float | None, each: Pieces) -> list[float]:
    """Return what the fields of each level are divided by. Collective."""
    k, draws = lattice.rung(unit.kappa), slice(0, lattice.fields)
    if variance is None:
        variance = float(lattice.series('phi2', k).mean())
    phi_nyx = share(comm, lattice, k, draws, calibration.draws(unit.L)).phi_nyx[:]
    return calibration.factors(comm, chain, phi_nyx, lattice.draws_at_once, variance, each)


def added_up(comm: Communicator, chain: Chain, operators: Operators, lattice: Lattice, unit: Unit,
             each: Pieces, progress: Progress, known: Known | None = None) -> Sums:
    """Return the sums over all draws, which are shared out over the ranks. Collective."""
    k, total = lattice.rung(unit.kappa), lattice.chains * lattice.fields
    first, last = block(total, comm.size, comm.rank)
    slices = jackknife.block_slices(first, last - first, total)
    sums = operators.zeros(len(chain.sizes), len(slices))
    pieces = [(b, *piece) for b, part in enumerate(slices)
              for piece in shards.stretches(lattice.fields, first + part.start, first + part.stop,
                                            lattice.draws_at_once)]
    for b, c, start, stop in each(pieces):
        add(sums, b, chain, operators, lattice.phi[k, c, start:stop], c * len(lattice.kappas) + k,
            range(start, stop), known)
        progress.advance(comm.size * (stop - start))
    return {name: summed_over(comm, array) for name, array in sums.items()}


def add_group(path: Path, unit: Unit, estimates: Estimates, sums: Sums) -> None:
    """Add a unit to flow.h5."""
    norm = estimates.normalisation
    own = {} if norm.variance is None else {'variance': norm.variance}
    with changed(path) as file:
        flowfile.write(file.create_group(unit.group), estimates, sums, **unit.about, **own,
                       factors=norm.chain.factors)


def results(context: Context, wanted: list[Unit]) -> dict[str, list[dict[str, Any]]]:
    """Return what flow.json says, from flow.h5."""
    operators = nested(flow_of(context.deck).operators)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with readable(context.directory.file('flow.h5'), REMEDY) as file:
        for unit in wanted:
            group = file[unit.group]
            chain = replace(chain_of(context.deck, unit), factors=group.attrs['factors'].tolist())
            chosen = Operators.of(operators, chain)
            sums = flowfile.read(group, chosen, len(chain.sizes))
            norm = Normalisation(chain, chosen, group.attrs.get('variance'))
            estimates = Estimates(norm, sums)
            for name, entries in (('levels', estimates.levels()),
                                  ('couplings', estimates.couplings()),
                                  ('means', estimates.densities()),
                                  ('exponents', estimates.exponents())):
                found[name] += [unit.about | entry for entry in entries]
    beside_smaller(found['exponents'])
    return {name: found[name] for name in ('levels', 'couplings', 'means', 'exponents')}
