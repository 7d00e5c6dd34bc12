"""The stage sample: ensembles.h5 from the deck, then results.json from ensembles.h5."""

import shutil
from functools import partial
from itertools import product

import numpy as np

from phi4hpc import __version__
from phi4hpc.device import host
from phi4hpc.files import write_json
from phi4hpc.logs import Progress, log
from phi4hpc.rundirectory import digest
from phi4hpc.sampling import placement
from phi4hpc.sampling.sampler import Sampler
from phi4hpc.stages.transition import transition
from phi4hpc.statistics.barrier import tempering
from phi4hpc.statistics.rungs import seen_at_rungs
from phi4hpc.storage.layout import STEPS, Shape
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import writing


def run(context):
    """Sample every lattice of the deck, then estimate every mean. Collective."""
    sample(context)
    entries = measure(context)
    curves = transition(context)
    if context.comm.rank == 0:
        accepted, exchanges = proposals(context), exchange(context)
        judge(entries)
        write_json(context.directory.file('results.json'),
                   {'phi4hpc': __version__, 'deck': digest(context.directory.meaning),
                    'lambda': context.deck.action.lam, 'ensembles': entries, 'proposals': accepted,
                    'tempering': exchanges, **seen_at_rungs(entries, context.deck.action.lam), **curves})


def sample(context):
    """Write the draws of every lattice."""
    deck, comm = context.deck, context.comm
    shapes = [Shape(L, placement.first(deck.ladder), deck.ladder.chains, deck.sample.draws, deck.precision,
                    deck.sample.fields)
              for L in deck.lattice.sizes]
    if comm.rank == 0 and not context.directory.file('ensembles.h5').exists():
        # A checkpoint counts draws that are in the file: without it they must be made again.
        shutil.rmtree(context.directory.file('checkpoint'))
    path = context.directory.file('ensembles.h5')
    compile_once(context)
    folder = context.directory.file('checkpoint')
    with writing(deck.storage.driver, comm, path, shapes, {'lambda': deck.action.lam},
                 partial(context.control.each, where='before sampling')) as writer:
        Sampler(comm, context.device, deck, shapes, writer, folder, context.control).run()


def proposals(context):
    """Return the step sizes and acceptances of each lattice, by name and kappa, and say in the log how they are."""
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        return [{'L': L, **proposals_on(ensembles[L])} for L in ensembles.sizes]


def proposals_on(lattice):
    """Return the entry of one lattice, of the algorithms in its recipe."""
    found = {name: values for name, values in lattice.summary().items() if name in STEPS and not np.isnan(values).any()}
    for name, values in found.items():
        log.info('L = %d: %s %.3g to %.3g', lattice.L, name.replace('_', ' '), values.min(), values.max())
    return {name: values.tolist() for name, values in found.items()}


def exchange(context):
    """Return how well each ladder carried replicas, and say so in the log; of ladders with more than one rung."""
    if context.deck.ladder.rungs == 1:
        return []
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        return [{'L': L, **exchange_on(ensembles[L])} for L in ensembles.sizes]


def exchange_on(lattice):
    """Return the entry of one lattice, and say in the log how it went and where rungs are too far apart."""
    found = tempering(lattice.kappas, lattice.summary())
    log.info('L = %d: barrier Lambda = %.2f; round trips a turn %.2g, expected %.2g, with more rungs %.2g', lattice.L,
             *(found[name] for name in ('barrier', 'round_trips', 'expected_round_trips', 'best_round_trips')))
    for line in found['warnings']:
        log.warning('L = %d: %s', lattice.L, line)
    return found


def judge(entries):
    """Say in the log which ensembles are not thermalised, or have too few draws."""
    from phi4hpc.statistics.convergence import doubts

    for entry in entries:
        for doubt in doubts(entry):
            log.warning('L = %d, kappa = %g: %s; let it run longer', entry['L'], entry['kappa'], doubt)


def compile_once(context):
    """Let rank 0 fill the cache of compiled kernels before the others look into it."""
    if context.comm.rank == 0:
        algorithms = {name for sweeps in context.deck.sample.recipe for name in sweeps}
        for source, L in product((*sorted(algorithms), 'measure', 'mode', 'unpack'), context.deck.lattice.sizes):
            context.device.module(source, L, context.deck.precision)
        host.shared_object('exchange')
    context.comm.Barrier()


def measure(context):
    """Return the entries of results.json on rank 0: the rungs of all lattices are shared out over the ranks."""
    from phi4hpc.statistics.ensembles import rung_estimates  # seconds of imports, which sampling can do without

    comm, entries = context.comm, {}
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        rungs = [(L, k) for L in ensembles.sizes for k in range(len(ensembles[L].kappas))]
        with Progress('measure', len(rungs), comm.rank) as progress:
            for L, k in context.control.each(rungs[comm.rank::comm.size], 'before the means'):
                lattice = ensembles[L]
                entries[L, k] = {'L': L, 'kappa': float(lattice.kappas[k]), **rung_estimates(lattice, k)}
                progress.advance(comm.size)
    gathered = comm.gather(entries)
    return [entry for _, entry in sorted(item for part in gathered for item in part.items())] if gathered else None
