"""What a study found, as rows of text for captions, the page and tables."""

from typing import Any

import numpy as np

from phi4hpc.lattice.transition import UNIVERSAL, known
from phi4hpc.report import tables
from phi4hpc.report.numbers import UNDEFINED, listed, value_error, written
from phi4hpc.report.study import Study


def peaks(study: Study) -> list[dict[str, Any]]:
    """Return the largest connected susceptibility of every lattice: L, kappa, value, reweighted.

    It comes from the reweighted curve where that has a peak, and else from the rungs.
    """
    found = {peak['L']: {'L': peak['L'], 'kappa': written(peak['kappa']),
                         'value': written(peak['height']), 'reweighted': True}
             for peak in study.transition['peaks']}
    rungs = {top['L']: {'L': top['L'], 'kappa': f'{top["kappa"]:g}',
                        'value': written(top['susceptibility']), 'reweighted': False}
             for top in study.results['largest_susceptibility']}
    return [(rungs | found)[L] for L in study.sizes if L in rungs | found]


def beyond(study: Study) -> bool:
    """Return whether a reweighted peak lies beyond the rungs of its lattice."""
    ends = {L: study.kappas(L)[[0, -1]] for L in study.sizes}
    return any(not ends[peak['L']][0] <= peak['kappa']['value'] <= ends[peak['L']][1]
               for peak in study.transition['peaks'])


def critical_point(study: Study) -> str | None:
    """Return kappa_c with its statistical and systematic errors, None where it was not found."""
    found = study.transition['kappa_c']
    if not (own := study.kappa_c):
        return None
    parts = [np.format_float_positional(found[part], 2, fractional=False)
             for part in ('error', 'systematic')]
    return (f'{value_error(*own)} ({parts[0]} statistical, '
            f'{parts[1]} systematic)')


def known_before(study: Study) -> dict[str, str] | None:
    """Return kappa_c as it was known before, and how far that of the run is from it, if any is."""
    if not (before := known(study.deck.action.lam)):
        return None
    said = {'words': value_error(*before, digits=1)}
    if own := study.kappa_c:
        said['pull'] = f'{abs(own[0] - before[0]) / np.hypot(own[1], before[1]):.1f}'
    return said


def exponents(study: Study) -> list[dict[str, str]]:
    """Return a row for each exponent; no rows where there are none."""
    return [{'name': name, 'value': value_error(entry['value'], entry['error']),
             'systematic': f'{entry["systematic"]:.2g}', 'exact': f'{entry["exact"]:g}',
             'smallest': str(entry['smallest']), 'corrections': f'{100 * entry["size"]:.2g}%',
             'chi2': f'{entry["chi2"]:.1f}/{entry["dof"]}'}
            for name, entry in (study.transition['exponents'] or {}).items()]


def points(study: Study) -> list[dict[str, Any]]:
    """Return a row for each point on the kappa axis: levels, crossings and peaks.

    `of` is the name of the mean, `what` the words that follow its label, `sizes` are the lattices,
    two of a crossing.
    """
    found = study.transition
    rows = [(e['of'], f'= {UNIVERSAL[e["of"]]:.6g}', [e['L']], e['kappa'])
            for e in found['levels']]
    rows += [(e['of'], 'crosses', [e['small'], e['large']], e['kappa']) for e in found['crossings']]
    rows += [('susceptibility', 'is largest', [e['L']], e['kappa']) for e in found['peaks']]
    return [{'of': of, 'what': what, 'sizes': sizes, 'kappa': kappa}
            for of, what, sizes, kappa in rows]


def points_by_size(study: Study) -> dict[str, Any]:
    """Return the points as a table: `columns` of {'of', 'what'}, and `rows` of {'L', 'cells'}.

    A crossing stands in the row of the larger lattice.
    """
    found = {(point['of'], point['what'], point['sizes'][-1]): written(point['kappa'])
             for point in points(study)}
    columns = list(dict.fromkeys((of, what) for of, what, _ in found))
    rows = [{'L': L, 'cells': [found.get((*column, L), UNDEFINED) for column in columns]}
            for L in sorted({L for *_, L in found})]
    return {'columns': [{'of': of, 'what': what} for of, what in columns], 'rows': rows}


def caveats(study: Study) -> list[str]:
    """Return what to keep in mind when reading the numbers, each a sentence of HTML."""
    said = [f'At <i>L</i> = {table["L"]} neighbouring rungs overlap too little for curves between '
            f'them to be trusted, at {pairs(table["thin"])}.'
            for table in study.reweighted if table['thin']]
    said += [f'At <i>L</i> = {found["L"]} {line}.'
             for found in study.results['tempering'] for line in found['warnings']]
    if open_ended := [f'{model.title} at κ = {model.kappa:g}' for model in study.everyone
                      if not model.converged]:
        said.append(f'Training had not converged for {listed(open_ended)}: '
                    'the numbers there are those of a budget of training.')
    rows = [(L, row) for L in study.sizes for row in tables.rows(study, L)]
    for key, words in (('short', f'chains are shorter than {tables.ENOUGH} autocorrelation times, '
                                 'so that errors are themselves uncertain'),
                       ('doubts', 'chains disagree or have fewer than 100 effective draws')):
        if doubtful := [L for L, row in rows if row[key]]:
            sizes = listed(sorted(set(doubtful)))
            said.append(f'In {len(doubtful)} of {len(rows)} ensembles, of <i>L</i> = {sizes}, '
                        f'{words}.')
    return said


def pairs(thin: list[list[float]]) -> str:
    """Return between which rungs the overlap is poor, in words."""
    return 'κ = ' + listed(f'{lower:g} to {upper:g}' for lower, upper, _ in thin)
