"""The stage sample: ensembles.h5 from the deck, then results.json from ensembles.h5."""

from itertools import product

from phi4hpc import __version__
from phi4hpc.files import write_json
from phi4hpc.logs import Progress, log
from phi4hpc.rundirectory import digest
from phi4hpc.sampling.barrier import traffic, warnings
from phi4hpc.sampling.sampler import Sampler
from phi4hpc.statistics.convergence import doubts
from phi4hpc.statistics.ensembles import rung_estimates
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.reader import Ensembles
from phi4hpc.storage.writer import open_writer, pick_driver


def run(context):
    """Sample every lattice of the deck, then estimate every mean. Collective."""
    sample(context)
    entries = measure(context)
    if context.comm.rank == 0:
        judge(context, entries)
        write_json(context.directory.file('results.json'),
                   {'phi4hpc': __version__, 'deck': digest(context.directory.meaning),
                    'lambda': context.deck.action.lam, 'ensembles': entries})


def sample(context):
    """Write the draws of every lattice."""
    deck, comm = context.deck, context.comm
    shapes = [Shape(L, tuple(deck.ladder.kappas), deck.ladder.chains, deck.sample.draws, deck.precision)
              for L in deck.lattice.sizes]
    if comm.rank == 0 and not context.directory.file('ensembles.h5').exists():
        # A checkpoint counts draws that are in the file: without it they must be made again.
        for checkpoint in context.directory.file('checkpoint').glob('*.h5'):
            checkpoint.unlink()
    driver = pick_driver(deck.storage.driver)
    log.info('storage: driver %s', driver)
    writer = open_writer(driver, comm, context.directory.file('ensembles.h5'), shapes, {'lambda': deck.action.lam})
    compile_once(context)
    Sampler(comm, context.device, deck, shapes, writer, context.directory.file('checkpoint', 'sample.h5')).run()
    writer.close()


def judge(context, entries):
    """Say in the log what speaks against the run: thermalisation, too few draws, rungs too far apart."""
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        for L in ensembles.sizes if len(context.deck.ladder.kappas) > 1 else ():
            summary = ensembles[L].summary()
            found = traffic(summary['swap_tried'], summary['swap_accepted'], summary['round_trips'])
            log.info('L = %d: barrier Lambda = %.2f; round trips a turn %.2g, expected %.2g, with more rungs %.2g', L,
                     found.barrier, found.round_trips, found.expected_round_trips, found.best_round_trips)
            for line in warnings(ensembles[L].kappas, summary['swap_tried'], found):
                log.warning('L = %d: %s', L, line)
    for entry in entries:
        for doubt in doubts(entry):
            log.warning('L = %d, kappa = %g: %s; let it run longer', entry['L'], entry['kappa'], doubt)


def compile_once(context):
    """Let rank 0 fill the cache of compiled kernels before the others look into it."""
    if context.comm.rank == 0:
        algorithms = {name for sweeps in context.deck.sample.recipe for name in sweeps}
        for source, L in product((*sorted(algorithms), 'measure'), context.deck.lattice.sizes):
            context.device.module(source, L, context.deck.precision)
    context.comm.Barrier()


def measure(context):
    """Return the entries of results.json on rank 0: the rungs of all lattices are shared out over the ranks."""
    comm, entries = context.comm, {}
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        rungs = [(L, k) for L in ensembles.sizes for k in range(len(ensembles[L].kappas))]
        with Progress('measure', len(rungs), comm.rank) as progress:
            for L, k in rungs[comm.rank::comm.size]:
                lattice = ensembles[L]
                entries[L, k] = {'L': L, 'kappa': float(lattice.kappas[k]), **rung_estimates(lattice, k)}
                progress.advance(comm.size)
    gathered = comm.gather(entries)
    return [entry for _, entry in sorted(item for part in gathered for item in part.items())] if gathered else None
