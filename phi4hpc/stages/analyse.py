"""The stage analyse: latent.h5, the singular spectra of every model, and reconstructions.json, what it reconstructs."""

import shutil
from functools import partial

from phi4hpc.blockspin import modelfile, shards
from phi4hpc.blockspin.models import models
from phi4hpc.deck.parts import length, split
from phi4hpc.files import read_json, whole, write_json
from phi4hpc.latent import analysis, latentfile
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, chosen, load, moments
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.leftout import about, announce, finite
from phi4hpc.parallel.world import block
from phi4hpc.stages.train import torch_device
from phi4hpc.statistics.estimates import blocks, compared, stacked
from phi4hpc.storage.hdf5 import readable, writable
from phi4hpc.storage.reader import Ensembles

EXAMPLES = 4                     # configurations kept with their reconstructions


def run(context):
    """Analyse every model that is not analysed yet. Collective."""
    done = context.comm.bcast(finished(context) if context.comm.rank == 0 else None)
    wanted = models(context.deck)
    missing = [model for model in wanted if model.name not in done]
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles, \
            Progress('analyse', len(wanted), context.comm.rank) as progress:
        progress.skip(len(wanted) - len(missing))
        for model in missing:
            analyse(context, model, ensembles[model.L])
            progress.advance()


def finished(context):
    """Return the names of the models that both files hold."""
    return set(comparisons(context)).intersection(latent_groups(context))


def comparisons(context):
    """Return what reconstructions.json holds: {model: entries}."""
    found = read_json(context.directory.file('reconstructions.json')).get('models')
    return found if isinstance(found, dict) else {}


def latent_groups(context):
    """Return the names of the groups of latent.h5."""
    path = context.directory.file('latent.h5')
    if not path.exists():
        return []
    with readable(path, 'remove it, and every model is analysed anew') as file:
        return list(file)


def analyse(context, model, lattice):
    """Add one model to both files."""
    path = context.directory.file('models', f'{model.name}.pt')
    network = modelfile.load(path, model, torch_device(context.device))
    each = partial(context.control.each, where=f'before the analysis of {model.name}')
    results, total = spectra(context, model, network, lattice, each)
    entries = reconstructions(context, model, network, lattice, each)
    announce(context.comm)
    if context.comm.rank == 0:
        add_group(context, model, network, lattice, results, total)
        others = comparisons(context)
        write_json(context.directory.file('reconstructions.json'), {'models': others | {model.name: entries}})
    log.info('analyse %s: %d samples', model.name, total)


def test_draws(context, lattice):
    """Return the slice of every chain's draws that had no part in training, nor in the choice of an epoch."""
    return split(lattice.draws, context.deck.train.held_out)[2]


def spectra(context, model, network, lattice, each):
    """Return the singular spectra at draws spread evenly over the test draws, and the number of draws."""
    comm, draws = context.comm, test_draws(context, lattice)
    numbers = shards.evenly(lattice.chains * length(draws), context.deck.analyse.draws)
    first, last = block(len(numbers), comm.size, comm.rank)
    phi_nyx = shards.read_numbers(lattice.phi, lattice.rung(model.kappa), draws, numbers[first:last])
    observables = {name: load(name) for name in context.deck.analyse.observables}
    ensemble = Ensemble(model.L, model.kappa, context.deck.action.lam)
    return analysis.analyse(comm, network, phi_nyx, first, len(numbers), context.deck.analyse.directions,
                            observables, ensemble, each), len(numbers)


def add_group(context, model, network, lattice, results, total):
    """Add the model's group to a copy of latent.h5 that then takes its place: a kill leaves one of them whole."""
    path, draws = context.directory.file('latent.h5'), test_draws(context, lattice)
    numbers = shards.evenly(lattice.chains * length(draws), EXAMPLES)
    original_nyx = shards.read_numbers(lattice.phi, lattice.rung(model.kappa), draws, numbers)
    with whole(path) as temporary:
        if path.exists():
            shutil.copy(path, temporary)
        with writable(temporary, 'r+' if path.exists() else 'w') as file:
            # a run that was killed here may have left the group, without the entries of reconstructions.json
            if model.name in file:
                del file[model.name]
            about = {'L': model.L, 'kappa': model.kappa, 'family': model.family, 'latent': model.latent,
                     'samples': total, 'lambda': context.deck.action.lam}
            group = file.create_group(model.name)
            latentfile.write(group, results, original_nyx, reconstruct(network, original_nyx), **about)


def reconstructions(context, model, network, lattice, each):
    """Return, on rank 0, an entry for every kappa: the means over the same draws before and after the model.

    At the model's own kappa the test draws, at every other kappa all draws. Kappas are shared out over ranks.
    """
    comm, entries = context.comm, {}
    own = range(comm.rank, len(lattice.kappas), comm.size)
    for _ in each(step for k in own for step in reconstruct_rung(context, model, network, lattice, k, entries)):
        pass
    gathered = comm.gather(entries)
    return gathered and [entry for _, entry in sorted(item for part in gathered for item in part.items())]


def reconstruct_rung(context, model, network, lattice, k, entries):
    """Add the entry of rung k to `entries`, in steps of some draws each, after which it yields."""
    ensemble = Ensemble(model.L, float(lattice.kappas[k]), context.deck.action.lam)
    observables = chosen('reconstructions', context.deck.measure.observables)
    draws = test_draws(context, lattice) if k == lattice.rung(model.kappa) else slice(None)
    before, after = [], []
    for c in range(lattice.chains):
        for side in before, after:
            side.append([])
        for phi_nyx in blocks(lattice, k, c, draws):
            before[c].append(moments(observables, Draws.of_fields(phi_nyx)))
            after[c].append(moments(observables, Draws.of_fields(reconstruct(network, phi_nyx))))
            yield
    with about(f'{model.name}, kappa = {ensemble.kappa:g}'):
        found = compared(observables, stacked(before), stacked(after), ensemble)
        entries[k] = {'L': model.L, 'kappa': ensemble.kappa,
                      **{name: finite(part) for name, part in found.items()}}
