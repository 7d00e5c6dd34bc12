"""What the ladders say together: reweighted curves of every lattice, and the transition."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from phi4hpc import __version__
from phi4hpc.files import whole
from phi4hpc.lattice.observable import chosen
from phi4hpc.lattice.series import SERIES
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.communicator import Communicator, Pieces, by_key
from phi4hpc.parallel.leftout import about, finite, left_out, note
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.stages.context import Context
from phi4hpc.statistics.critical import critical, plain
from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.curvetable import row, stops, tabulated
from phi4hpc.statistics.estimates import Observables, ladder_moments
from phi4hpc.storage.reader import Ensembles, Lattice

FEWEST = 100
"""Draws of a rung below which reweighting is not tried."""


def transition(context: Context, ensembles: Ensembles) -> dict[str, Any]:
    """Return {'reweighted': a table of each lattice, 'transition': what they say together}.

    `transition` holds levels, crossings, peaks, kappa_c and exponents; it is None at lambda = 0,
    where there is no transition. Lattices whose draws carry no curve are left out. Rank 0 returns
    it; the other ranks, with which the lattices are shared, return {}. Collective.
    """
    comm, each = context.comm, partial(context.control.each, where='before the curves')
    lam, usable = context.deck.action.lam, [L for L in ensembles.sizes if enough(ensembles[L])]
    observables = chosen('curves', context.deck.measure.observables)
    made = partial(curve_of, lam=lam, observables=observables)
    curves = {}
    for L in each(usable[comm.rank::comm.size]):
        with about(f'L = {L}'), left_out('curves'):
            curves[L] = made(ensembles[L])
    tables = by_key(comm.gather(tables_of(curves, each, comm)) or ())
    warn(tables)
    if lam == 0:
        return {'reweighted': tables, 'transition': None}
    sizes = [table['L'] for table in tables]
    steps = list(each(all_together(ensembles, sizes, curves, made) if comm.rank == 0 else ()))
    if comm.rank:
        return {}
    found = steps[-1] if steps else None
    if found:
        keep(context, found)
    return {'reweighted': tables, 'transition': found and announced(plain(found))}


def enough(lattice: Lattice) -> bool:
    """Return whether a lattice has draws enough for reweighting, and note where it has not."""
    draws = lattice.draws * lattice.chains
    if draws < FEWEST:
        note(f'L = {lattice.L}: curves', f'a rung has {draws} draws, fewer than {FEWEST}')
    return draws >= FEWEST


def tables_of(curves: dict[int, Curve], each: Pieces, comm: Communicator) -> dict[int, dict]:
    """Return {L: table} of this rank's Curves. Collective."""
    rows: dict[int, list] = {L: [] for L in curves}
    todo = [(L, kappa) for L, curve in curves.items() for kappa in stops(curve)]
    with Progress('reweight', sum(comm.allgather(len(todo))), comm.rank) as progress:
        for L, kappa in each(todo):
            with about(f'L = {L}'), left_out('curves'):
                rows[L].append(row(curves[L], kappa))
            progress.advance(comm.size)
    tables = {}
    for L, curve in curves.items():
        with about(f'L = {L}: curves'), left_out('all'):
            if len(rows[L]) == len(stops(curve)):
                tables[L] = finite(tabulated(curve, rows[L]))
    return tables


def all_together(ensembles: Ensembles, sizes: list[int],
                 curves: dict[int, Curve],
                 made: Callable[[Lattice], Curve]) -> Iterator[dict[str, Any] | None]:
    """Yield None for each step, then what the Curves of all lattices say together.

    Curves that other ranks have are made anew.
    """
    with left_out('the transition'):
        everyone = {}
        for L in sizes:
            everyone[L] = curves.get(L) or made(ensembles[L])
            yield None
        yield from critical(everyone)


def keep(context: Context, found: dict[str, Any]) -> None:
    """Write transition.json.gz in the format of pyerrors, with which others can go on."""
    from pyerrors.input.json import dump_dict_to_json

    description = {'phi4hpc': __version__, 'deck': digest(context.directory.meaning),
                   'lambda': context.deck.action.lam}
    # pyerrors takes an empty list for one of observables, and looks at the first of them.
    there = {name: entries for name, entries in found.items() if entries}
    with whole(context.directory.file('transition.json.gz')) as temporary:
        # pyerrors appends its suffix to a name that has another.
        made = temporary.with_name('transition.new.json.gz')
        dump_dict_to_json(there, str(made), description, indent=0)
        made.rename(temporary)


def curve_of(lattice: Lattice, lam: float, observables: Observables) -> Curve:
    """Return the Curve of a lattice at lambda.

    Observables that need fields are among its means where every draw has a field.
    """
    fields = {name: each for name, each in observables.items() if each.needs_fields}
    if fields and lattice.fields < lattice.draws:
        note(f'L = {lattice.L}: curves of {", ".join(fields)}', 'not every draw has a field')
        observables = {name: each for name, each in observables.items() if name not in fields}
        fields = {}
    series = {name: lattice.series(name) for name in SERIES}
    return Curve(lattice.L, lattice.kappas, series, lam, observables,
                 ladder_moments(lattice, fields))


def warn(tables: list[dict[str, Any]]) -> None:
    """Say in the log where neighbouring rungs overlap too little for reweighting."""
    for table in tables:
        for lower, upper, overlap in table['thin']:
            doubt = (f'overlap by {overlap:.1g} only, so curves between them are doubtful'
                     if overlap > 0 else 'do not overlap, so no curves join them')
            log.warning('L = %d: the draws at kappa = %g and %g %s; put more rungs there',
                        table['L'], lower, upper, doubt)


def announced(found: dict[str, Any]) -> dict[str, Any]:
    """Return what was found, and say in the log where the transition is."""
    if kappa_c := found['kappa_c']:
        log.info('kappa_c = %.7f, statistical error %.7f, systematic %.7f', kappa_c['value'],
                 kappa_c['error'], kappa_c['systematic'])
    return found
