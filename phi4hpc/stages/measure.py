"""The stage measure: results.json and transition.json.gz, all statistics of the draws.

It reads ensembles.h5, opened once, and changes nothing there, so that statistics can be redone at
any time without touching the draws.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from phi4hpc import __version__
from phi4hpc.deck.schema import FEWEST_DRAWS
from phi4hpc.files import write_json
from phi4hpc.lattice.observable import chosen
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.communicator import by_key
from phi4hpc.parallel.leftout import about, announce, finite, left_out, note
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.stages.context import Context
from phi4hpc.stages.curves import transition
from phi4hpc.statistics.barrier import tempering
from phi4hpc.statistics.convergence import doubts
from phi4hpc.statistics.estimates import rung_estimates
from phi4hpc.statistics.rungs import seen_at_rungs
from phi4hpc.storage.layout import PROPOSALS
from phi4hpc.storage.reader import Ensembles, Lattice


def run(context: Context) -> None:
    """Estimate every mean of the draws, then what all lattices say together. Collective."""
    lam = context.deck.action.lam
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        entries, curves = means(context, ensembles), transition(context, ensembles)
        if context.comm.rank == 0:
            results = {'phi4hpc': __version__, 'deck': digest(context.directory.meaning),
                       'lambda': lam, 'ensembles': entries, **seen_at_rungs(entries, lam),
                       'proposals': of_lattices(proposals, ensembles),
                       'tempering': of_lattices(exchange, ensembles)}
            judge(entries)
            write_json(context.directory.file('results.json'), results | curves)
        announce(context.comm)


def of_lattices(of: Callable[[Lattice], dict], ensembles: Ensembles) -> list[dict[str, Any]]:
    """Return {'L', **of(lattice)} of every lattice for which `of` returns something."""
    found = []
    for L in ensembles.sizes:
        with about(f'L = {L}'), left_out(of.__name__):
            if said := of(ensembles[L]):
                found.append({'L': L, **finite(said)})
    return found


def means(context: Context, ensembles: Ensembles) -> list[dict[str, Any]]:
    """Return the estimates of every rung on rank 0, by L and kappa; an empty list elsewhere.

    The rungs of all lattices are shared out over the ranks. Collective.
    """
    comm, entries, lam = context.comm, {}, context.deck.action.lam
    observables = chosen('rungs', context.deck.measure.observables)
    of_fields = ', '.join(name for name, each in observables.items() if each.needs_fields)
    if few := [L for L in ensembles.sizes if ensembles[L].fields < FEWEST_DRAWS]:
        note(f'L = {", ".join(map(str, few))}: {of_fields}',
             f'fewer than {FEWEST_DRAWS} fields are kept of each chain')
    rungs = [(L, k) for L in ensembles.sizes for k in range(len(ensembles[L].kappas))]
    with Progress('measure', len(rungs), comm.rank) as progress:
        for L, k in context.control.each(rungs[comm.rank::comm.size], 'before the means'):
            lattice = ensembles[L]
            kappa = float(lattice.kappas[k])
            entries[L, k] = {'L': L, 'kappa': kappa}
            with about(f'L = {L}, kappa = {kappa:g}'), left_out('all means'):
                entries[L, k] |= finite(rung_estimates(lattice, k, lam, observables))
            progress.advance(comm.size)
    return by_key(comm.gather(entries) or ())


def proposals(lattice: Lattice) -> dict[str, list[float]]:
    """Return the step sizes and acceptances of the algorithms in the recipe, a value each rung.

    The log says in which range they are.
    """
    found = {name: values for name, values in lattice.summary().items()
             if name.endswith(PROPOSALS) and not np.isnan(values).any()}
    for name, values in found.items():
        log.info('L = %d: %s %.3g to %.3g', lattice.L, name.replace('_', ' '), values.min(),
                 values.max())
    return {name: values.tolist() for name, values in found.items()}


def exchange(lattice: Lattice) -> dict[str, Any]:
    """Return how well a ladder carried replicas, {} where there is one rung.

    The log says so, and where rungs are too far apart.
    """
    if len(lattice.kappas) == 1:
        return {}
    found = tempering(lattice.kappas, lattice.summary())
    log.info('L = %d: barrier Lambda = %.2f; round trips a turn %.2g, expected %.2g, with more '
             'rungs %.2g', lattice.L, found['barrier'], found['round_trips'],
             found['expected_round_trips'], found['best_round_trips'])
    for line in found['warnings']:
        log.warning('L = %d: %s', lattice.L, line)
    return found


def judge(entries: list[dict[str, Any]]) -> None:
    """Say in the log which ensembles are not thermalised, or have too few draws."""
    for entry in (entry for entry in entries if 'r_hat' in entry):
        for doubt in doubts(entry):
            log.warning('L = %d, kappa = %g: %s; let it run longer', entry['L'], entry['kappa'],
                        doubt)
