"""What a study found, as rows of text for captions, the page and tables."""

from typing import Any

import numpy as np

from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.report.numbers import value_error, written
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


def critical_point(study: Study) -> str | None:
    """Return kappa_c with its statistical and systematic errors, None where it was not found."""
    if not (found := study.transition['kappa_c']):
        return None
    total = float(np.hypot(found['error'], found['systematic']))
    return (f'{value_error(found["value"], total, digits=1)} ({found["error"]:.7f} statistical, '
            f'{found["systematic"]:.7f} systematic)')


def exponents(study: Study) -> list[dict[str, str]]:
    """Return a row for each exponent; no rows where there are none."""
    return [{'name': name, 'value': value_error(entry['value'], entry['error']),
             'systematic': f'{entry["systematic"]:.2g}', 'exact': f'{entry["exact"]:g}',
             'smallest': str(entry['smallest']), 'corrections': f'{100 * entry["size"]:.2g}%',
             'chi2': f'{entry["chi2"]:.1f}/{entry["dof"]}'}
            for name, entry in (study.transition['exponents'] or {}).items()]


def points(study: Study) -> list[dict[str, Any]]:
    """Return a row for each point on the kappa axis: levels, crossings and peaks.

    `of` is the name of the mean, `what` the words that follow its label.
    """
    found = study.transition
    rows = [(e['of'], f'= {UNIVERSAL[e["of"]]:.6g}', str(e['L']), e['kappa'])
            for e in found['levels']]
    rows += [(e['of'], 'crosses', f'{e["small"]}, {e["large"]}', e['kappa'])
             for e in found['crossings']]
    rows += [('susceptibility', 'is largest', str(e['L']), e['kappa']) for e in found['peaks']]
    return [{'of': of, 'what': what, 'L': L, 'kappa': kappa} for of, what, L, kappa in rows]
