"""What the ladders say together, for results.json: reweighted curves of every lattice, and the transition."""

from functools import partial

from phi4hpc import __version__
from phi4hpc.files import whole
from phi4hpc.logs import Progress, log
from phi4hpc.rundirectory import digest
from phi4hpc.statistics.critical import critical, plain
from phi4hpc.statistics.curve import Curve, row, stops, tabulated
from phi4hpc.storage.reader import Ensembles

FEWEST = 100                     # draws of a rung below which reweighting is not tried


def transition(context):
    """Return {'reweighted': a table a lattice, 'transition': levels, crossings, peaks, kappa_c, exponents} on rank 0.

    The tables are shared out over the ranks; `transition` is None at lambda = 0, where there is none. Collective.
    """
    comm, each = context.comm, partial(context.control.each, where='before the curves')
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles:
        usable = [L for L in ensembles.sizes if ensembles[L].draws * ensembles[L].chains >= FEWEST]
        curves = {L: curve_of(ensembles[L]) for L in each(usable[comm.rank::comm.size])}
        gathered = comm.gather(tables_of(curves, each, comm))
        tables = [table for _, table in sorted(item for part in gathered or () for item in part.items())]
        warn(tables)
        if context.deck.action.lam == 0:
            return {'reweighted': tables, 'transition': None}
        steps = list(each(all_together(ensembles, usable, curves) if comm.rank == 0 else ()))
    if comm.rank:
        return None
    found = steps[-1]
    keep(context, found)
    return {'reweighted': tables, 'transition': told(plain(found))}


def tables_of(curves, each, comm):
    """Return {L: table} of this rank's Curves."""
    rows, todo = {L: [] for L in curves}, [(L, kappa) for L, curve in curves.items() for kappa in stops(curve)]
    with Progress('reweight', sum(comm.allgather(len(todo))), comm.rank) as progress:
        for L, kappa in each(todo):
            rows[L].append(row(curves[L], kappa))
            progress.advance(comm.size)
    return {L: tabulated(curve, rows[L]) for L, curve in curves.items()}


def all_together(ensembles, sizes, curves):
    """Yield None for each step, then what all lattices' Curves say; those that other ranks have are made anew."""
    everyone = {}
    for L in sizes:
        everyone[L] = curves.get(L) or curve_of(ensembles[L])
        yield None
    yield from critical(everyone)


def keep(context, found):
    """Write transition.json.gz, in the format of pyerrors, with which others can go on: fluctuations are in it."""
    from pyerrors.input.json import dump_dict_to_json

    description = {'phi4hpc': __version__, 'deck': digest(context.directory.meaning),
                   'lambda': context.deck.action.lam}
    # pyerrors takes an empty list for one of observables, and looks at the first of them.
    there = {name: entries for name, entries in found.items() if entries}
    with whole(context.directory.file('transition.json.gz')) as temporary:
        made = temporary.with_name('transition.new.json.gz')       # pyerrors would append its suffix to another
        dump_dict_to_json(there, str(made), description, indent=0)
        made.rename(temporary)


def curve_of(lattice):
    """Return the Curve of a storage.reader.Lattice."""
    series = {name: lattice.series(name) for name in ('magnetisation', 'hopping', 'mode')}
    return Curve(lattice.L, lattice.kappas, series)


def warn(tables):
    """Say in the log where neighbouring rungs overlap too little for reweighting."""
    for table in tables:
        for lower, upper, overlap in table['thin']:
            log.warning('L = %d: the draws at kappa = %g and %g overlap by %.1g only, so curves between them are '
                        'doubtful; put more rungs there', table['L'], lower, upper, overlap)


def told(found):
    """Return what was found, and say in the log where the transition is."""
    if found['kappa_c']:
        log.info('kappa_c = %.7f, statistical error %.7f, systematic %.7f', *(
            found['kappa_c'][part] for part in ('value', 'error', 'systematic')))
    return found
