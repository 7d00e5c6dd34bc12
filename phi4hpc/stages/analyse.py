"""The stage analyse: latent.h5 and reconstructions.json.

The one has the singular spectra of every model, the other the means over draws before and after it.
"""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from phi4hpc.blockspin import modelfile, shards
from phi4hpc.blockspin.autoencoder import Autoencoder, build
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.models import Model, models
from phi4hpc.deck.parts import length, split
from phi4hpc.files import read_json, write_json
from phi4hpc.latent import (
    ablation,
    analysis,
    distribution,
    encoder,
    gaussian,
    information,
    latentfile,
    learned,
    metric,
    momentum,
    precision,
)
from phi4hpc.latent.cost import HELD
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import Tally, draws_at_once
from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.lattice.orbits import symmetrised
from phi4hpc.logs import Progress, counted, log
from phi4hpc.parallel.communicator import summed_over
from phi4hpc.parallel.leftout import announce
from phi4hpc.stages.context import Context
from phi4hpc.stages.reconstructions import reconstructions
from phi4hpc.stages.shares import Share, share, test_draws
from phi4hpc.stages.train import torch_device
from phi4hpc.storage.hdf5 import changed, readable
from phi4hpc.storage.reader import Ensembles, Lattice

EXAMPLES = 4
"""Configurations kept with their reconstructions."""
UNDER_WAY = 'analysis'
"""The folder of sums of models that are not analysed yet. See latent.tally."""


def run(context: Context) -> None:
    """Analyse every model that is not analysed yet. Collective."""
    done = context.comm.bcast(finished(context) if context.comm.rank == 0 else None)
    wanted = [model for model in models(context.deck)
              if context.directory.file('models', f'{model.name}.pt').exists()]
    missing = [model for model in wanted if model.name not in done]
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles, \
            Progress('analyse', len(wanted), context.comm.rank) as progress:
        progress.skip(len(wanted) - len(missing))
        for model in missing:
            analyse(context, model, ensembles[model.L])
            progress.advance()
    if context.comm.rank == 0:
        shutil.rmtree(context.directory.file(UNDER_WAY), ignore_errors=True)


def finished(context: Context) -> set[str]:
    """Return the names of the models that both files hold."""
    return set(comparisons(context)).intersection(latent_groups(context))


def comparisons(context: Context) -> dict[str, list]:
    """Return what reconstructions.json holds: {model: entries}."""
    found = read_json(context.directory.file('reconstructions.json')).get('models')
    return found if isinstance(found, dict) else {}


def latent_groups(context: Context) -> list[str]:
    """Return the names of the groups of latent.h5."""
    path = context.directory.file('latent.h5')
    if not path.exists():
        return []
    with readable(path, 'remove it, and every model is analysed anew') as file:
        return list(file)


def analyse(context: Context, model: Model, lattice: Lattice) -> None:
    """Add one model to both files. Collective."""
    path = context.directory.file('models', f'{model.name}.pt')
    network = modelfile.load(path, model, torch_device(context.device))
    tally = tally_of(context, model)
    results, total = spectra(context, model, network, lattice, tally)
    results |= over_test_draws(context, model, network, lattice, tally)
    entries = reconstructions(context, model, network, lattice, tally)
    announce(context.comm)
    if context.comm.rank == 0:
        add_group(context, model, network, lattice, results, total)
        all_models = comparisons(context) | {model.name: entries}
        write_json(context.directory.file('reconstructions.json'), {'models': all_models})
        shutil.rmtree(folder_of(context, model), ignore_errors=True)
    log.info('analyse %s: %s', model.name, counted(total, 'sample'))


def tally_of(context: Context, model: Model) -> Tally:
    """Return the Tally of a model, which goes on from what an earlier run had added up."""
    comm, folder = context.comm, folder_of(context, model)
    if comm.rank == 0 and folder.exists():
        log.info('analyse %s: goes on from sums that are there', model.name)
    each = partial(context.control.each, where=f'in the analysis of {model.name}')
    return Tally(each, folder, context.deck.checkpoint.interval, f'{comm.rank}of{comm.size}')


def folder_of(context: Context, model: Model) -> Path:
    """Return the folder of what is kept of a model while it is analysed."""
    return context.directory.file(UNDER_WAY, model.name)


def spectra(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
            tally: Tally) -> tuple[dict[str, dict[str, np.ndarray]], int]:
    """Return the singular spectra at draws spread evenly over the test draws, and their number.

    Collective.
    """
    comm, deck = context.comm, context.deck.analyse
    own = share(comm, lattice, lattice.rung(model.kappa), test_draws(context, lattice), deck.draws)
    observables = {name: load(name) for name in deck.observables}
    ensemble = Ensemble(model.L, model.kappa, context.deck.action.lam)
    results = analysis.analyse(comm, network, *own, deck.directions, observables, ensemble, tally)
    return results, own.total


def over_test_draws(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
                    tally: Tally) -> dict[str, dict[str, np.ndarray]]:
    """Return what the model keeps of momenta, of the distribution at a site, and so on. Collective.
    """
    comm = context.comm
    test = share(comm, lattice, lattice.rung(model.kappa), test_draws(context, lattice))
    found = {'momentum': momentum.analyse(comm, network, *test, context.deck.action.lam, tally),
             'distribution': distribution.analyse(comm, network, *test, tally),
             'precision': precision.analyse(comm, network, *test, tally),
             **kept_information(context, model, network, lattice, test, tally)}
    learn = list(before_test(context, model, lattice, HELD))
    if model.settings.trained:
        propagator_yx = propagator(context, model, learn)
        found['gaussian'] = gaussian.analyse(
            comm, network, propagator_yx, seed_of(context.deck.seed, 'gaussian'),
            len(test.phi_nyx), *test[1:], tally)
    if directions := metric.analyse(comm, network, *test, tally):
        found |= {'metric': directions.found, 'ablation': ablation.analyse(
            comm, network, directions, learn, *test, tally)}
        if model.settings.trained:
            begun = at_first_weights(context, model, propagator_yx)
            found['learned'] = learned.analyse(
                comm, partial(reconstruct, network), partial(reconstruct, begun), model.latent,
                learn, *test, tally)
            few = list(before_test(context, model, lattice, encoder.FEW))
            found['learned_encoder'] = encoder.analyse(comm, network, directions, learn, few,
                                                       *test, tally)
    return {name: arrays for name, arrays in found.items() if arrays}


def kept_information(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
                     test: Share, tally: Tally) -> dict[str, dict[str, np.ndarray]]:
    """Return what the model keeps of the information on couplings. Collective.

    `information_test` is judged by the test draws, which had no part in a training, and fitted to
    the same draws before them: by this models are compared with each other. `information` is what
    is known best of the model by itself: what was not trained is judged by all draws, except for
    the variance.
    """
    comm, mapped = context.comm, partial(reconstruct, network)
    learn = before_test(context, model, lattice, information.LEARN)
    on_test = information.analyse(comm, mapped, learn, *test, tally, 'information-test')
    own = {name: number for name, number in on_test.items() if not name.endswith('_deleted')}
    found = {'information': own, 'information_test': on_test}
    if model.settings.trained:
        return found
    judged = share(comm, lattice, lattice.rung(model.kappa), slice(0, lattice.draws),
                   information.JUDGED)
    of_all = information.analyse(comm, mapped, (), *judged, tally)
    return found | {'information': {name: of_all[name] for name in own} | {
        name: own[name] for name in ('variance', 'variance_error')}}


def at_first_weights(context: Context, model: Model, propagator_yx: np.ndarray) -> Autoencoder:
    """Return the network of a model as its training began, by the propagator of some draws."""
    ensemble = MeasuredEnsemble(model.L, model.kappa, context.deck.action.lam, propagator_yx,
                                seed_of(context.deck.seed, model.name))
    return build(model.settings, model.latent, ensemble).to(torch_device(context.device))


def propagator(context: Context, model: Model, learn: list[np.ndarray]) -> np.ndarray:
    """Return G(p) of the draws of all ranks, symmetrised. Collective."""
    share_yx = sum((len(some_nyx) * mode_propagator(some_nyx) for some_nyx in learn),
                   np.zeros((model.L, model.L)))
    draws = context.comm.allreduce(sum(map(len, learn)))
    return symmetrised(summed_over(context.comm, share_yx) / draws)


def before_test(context: Context, model: Model, lattice: Lattice,
                most: int) -> Iterator[np.ndarray]:
    """Yield this rank's share of at most that many draws to fit predictions to, some at a time.

    They are spread evenly over the draws of every chain before those of the test.
    """
    assert context.deck.train
    _, valid, _ = split(lattice.draws, context.deck.train.held_out)
    rung, draws = lattice.rung(model.kappa), slice(0, valid.stop)
    phi_nyx = share(context.comm, lattice, rung, draws, most).phi_nyx
    step = draws_at_once(model.L)
    for n in range(0, len(phi_nyx), step):
        yield phi_nyx[n:n + step]


def add_group(context: Context, model: Model, network: Autoencoder, lattice: Lattice,
              results: dict[str, dict[str, np.ndarray]], samples: int) -> None:
    """Add the model's group to latent.h5."""
    draws = test_draws(context, lattice)
    numbers = shards.evenly(lattice.chains * length(draws), EXAMPLES)
    original_nyx = shards.read_numbers(lattice.phi, lattice.rung(model.kappa), draws, numbers)
    about_it = {'L': model.L, 'kappa': model.kappa, 'family': model.family, 'latent': model.latent,
                'samples': samples, 'lambda': context.deck.action.lam}
    with changed(context.directory.file('latent.h5')) as file:
        # A run that was killed may have left the group without entries of reconstructions.json.
        if model.name in file:
            del file[model.name]
        latentfile.write(file.create_group(model.name), results, original_nyx,
                         reconstruct(network, original_nyx), **about_it)
