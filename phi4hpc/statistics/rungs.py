"""What the rungs of the ladders say by themselves, without reweighting between them.

All functions take entries of results.json: a dict a rung, with `L`, `kappa` and means as {'value',
'error', ...}, or None where a mean is not defined.
"""

import math
from itertools import pairwise
from typing import Any

import numpy as np

from phi4hpc.lattice.transition import UNIVERSAL

Entry = dict[str, Any]

NAN = {'value': math.nan, 'error': math.nan}
"""In place of a mean that is not defined, where numbers are wanted."""
SYMMETRIC = 1 / 3
"""A lattice with a Binder cumulant below this is taken to be in the symmetric phase."""
BROKEN = (UNIVERSAL['binder'] + 2 / 3) / 2
"""A lattice with a Binder cumulant above this is taken to be in the broken phase: at criticality it
is 0.61 already."""
APART = 2.0
"""Standard errors between two Binder cumulants that are taken to differ."""


def seen_at_rungs(entries: list[Entry], lam: float) -> dict[str, Any]:
    """Return what results.json keeps of the rungs, each under the name of its function here."""
    return {'phases': phases(entries, lam), 'brackets': brackets(entries),
            'largest_susceptibility': largest_susceptibility(entries)}


def phases(entries: list[Entry], lam: float) -> dict[str, bool]:
    """Return which phases the largest lattice is seen in.

    The Binder cumulant decides, at both ends of its ladder. The keys are `interacting`,
    `symmetric`, `broken` and `transition`. Where the cumulant is not defined, neither phase is
    claimed. Without interaction there is the symmetric phase alone.
    """
    largest = rungs_of(entries, max(entry['L'] for entry in entries))
    first, last = (value_of(largest[end], 'binder') for end in (0, -1))
    interacting = lam > 0
    symmetric, broken = not interacting or first < SYMMETRIC, interacting and last > BROKEN
    return {'interacting': interacting, 'symmetric': symmetric, 'broken': broken,
            'transition': symmetric and broken}


def brackets(entries: list[Entry]) -> list[dict[str, float]]:
    """Return the rungs between which the Binder cumulants of neighbouring sizes cross.

    They come as [{'small', 'large', 'below', 'above'}], the sizes and the two kappas. Sizes for
    which errors hide the crossing are left out.
    """
    sizes = sorted({entry['L'] for entry in entries})
    pairs = ((small, large, bracket(rungs_of(entries, small), rungs_of(entries, large)))
             for small, large in pairwise(sizes))
    return [{'small': small, 'large': large, 'below': found[0], 'above': found[1]}
            for small, large, found in pairs if found]


def bracket(small: list[Entry], large: list[Entry]) -> tuple[float, float] | None:
    """Return the rungs (below, above) between which the cumulant of `large` exceeds that of
    `small`.

    `below` is the last rung before at which that of the larger lattice is smaller by two standard
    errors, `above` the first after it at which it is larger by that much. None where there is no
    such pair.
    """
    kappas, high, high_error = binders(large)
    others, low, low_error = binders(small)
    if not (len(kappas) and len(others)):
        return None
    # The ladders may differ: the smaller lattice is then read between its rungs.
    low, low_error = (np.interp(kappas, others, part) for part in (low, low_error))
    pull = (high - low) / np.hypot(low_error, high_error)
    above = np.flatnonzero(pull > APART)
    below = [k for k in np.flatnonzero(pull < -APART) if above.size and k < above[-1]]
    if not below:
        return None
    return float(kappas[below[-1]]), float(kappas[above[above > below[-1]][0]])


def largest_susceptibility(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return [{'L', 'kappa', 'susceptibility'}] of the rungs where the connected one is largest."""
    found = []
    for L in sorted({entry['L'] for entry in entries}):
        defined = [entry for entry in rungs_of(entries, L) if entry.get('susceptibility')]
        if defined:
            top = max(defined, key=lambda entry: entry['susceptibility']['value'])
            height = {part: top['susceptibility'][part] for part in ('value', 'error')}
            found.append({'L': L, 'kappa': top['kappa'], 'susceptibility': height})
    return found


def rungs_of(entries: list[Entry], L: int) -> list[Entry]:
    """Return the entries of one lattice, by ascending kappa."""
    return sorted((entry for entry in entries if entry['L'] == L), key=lambda entry: entry['kappa'])


def value_of(entry: Entry, name: str) -> float:
    """Return the value of a mean, NaN where it is not defined."""
    return entry[name]['value'] if entry.get(name) else math.nan


def column(entries: list[Entry], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (value, error) arrays of a mean over entries; NaN where it is not defined."""
    estimates = [entry.get(name) or NAN for entry in entries]
    value, error = (np.array([estimate[part] for estimate in estimates], float)
                    for part in ('value', 'error'))
    return value, error


def binders(entries: list[Entry]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (kappa, value, error) of the Binder cumulant, where it is defined."""
    defined = [(entry['kappa'], entry['binder']['value'], entry['binder']['error'])
               for entry in entries if entry.get('binder')]
    kappas, values, errors = np.array(defined).reshape(-1, 3).T
    return kappas, values, errors
