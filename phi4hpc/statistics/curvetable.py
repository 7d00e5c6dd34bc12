"""A Curve as results.json keeps it: rows of means at many kappas, and how rungs overlap."""

from itertools import pairwise
from typing import Any

import numpy as np

from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.reweighting import POOR

POINTS = 65
"""Kappas of a table, at least; every rung is one of them."""


def stops(curve: Curve) -> np.ndarray:
    """Return the kappas at which a Curve is tabulated, ascending.

    They are the ends of each part, every rung, and others evenly between these; and one in the
    middle of each gap between parts, where nothing is defined.
    """
    points = -(-POINTS // len(curve.parts))
    tables = [_stops(part, points) for part in curve.parts]
    gaps = [[(lower[-1] + upper[0]) / 2] if lower[-1] < upper[0] else []
            for lower, upper in pairwise(tables)]
    return np.concatenate([x for both in zip(tables, [*gaps, []], strict=True) for x in both])


def _stops(part, points):
    low, high = part.reach
    stops = [low, *part.kappas, high]
    between = -(-(points - 1) // (len(stops) - 1))
    return np.interp(np.arange(between * (len(stops) - 1) + 1) / between, range(len(stops)), stops)


def row(curve: Curve, kappa: float) -> dict[str, Any]:
    """Return {name: value and error, or None where not defined} of a Curve at one of its stops.

    `free_energy` is -ln Z(kappa) + ln Z(first rung), defined in the first part of the ladder.
    """
    part = curve.part(kappa)
    if not part.reach[0] <= kappa <= part.reach[1]:
        return dict.fromkeys((*part.observables, 'free_energy'))
    free_energy = part.histogram.free_energy(kappa) if part is curve.parts[0] else None
    means = part.means(kappa) | {'free_energy': free_energy}
    return {name: plain(mean) for name, mean in means.items()}


def plain(mean: Any) -> dict[str, Any] | None:
    """Return {'value', 'error'} of a pyerrors.Obs, of lists where it is a list of them, or None."""
    if isinstance(mean, list):
        entries = [value_and_error(one) for one in mean]
        return {part: [entry[part] for entry in entries] for part in ('value', 'error')}
    return None if mean is None else value_and_error(mean)


def tabulated(curve: Curve, rows: list[dict]) -> dict:
    """Return the table of a Curve: means over kappas, overlaps of rungs, and the thin ones.

    `rows`: `row` at each of its `stops`; what is not defined is None.
    """
    overlap_ij, errors = overlaps(curve)
    return {'L': curve.L, 'kappa': stops(curve).tolist(),
            **{name: {part: [row[name] and row[name][part] for row in rows]
                      for part in ('value', 'error')} for name in rows[0]},
            'overlap': np.round(overlap_ij, 6).tolist(), 'overlap_error': errors,
            'thin': thin(curve.kappas, overlap_ij)}


def overlaps(curve: Curve) -> tuple[np.ndarray, list[float]]:
    """Return the overlap of all rungs (i, j), and the error of each one's with the next.

    Between parts both are 0: no estimate uses draws of two parts.
    """
    overlap_ij, errors = np.zeros((len(curve.kappas),) * 2), np.zeros(len(curve.kappas) - 1)
    for rungs, part in zip(curve.slices, curve.parts, strict=True):
        overlap_ij[rungs, rungs] = part.histogram.overlap
        errors[rungs.start:rungs.stop - 1] = [value_and_error(overlap)['error']
                                              for overlap in part.histogram.neighbour_overlaps()]
    return overlap_ij, errors.tolist()


def thin(kappas: np.ndarray, overlap_ij: np.ndarray) -> list[tuple[float, float, float]]:
    """Return [(lower kappa, upper kappa, overlap)] of neighbours whose draws overlap too little."""
    pairs = np.minimum(np.diag(overlap_ij, 1), np.diag(overlap_ij, -1))
    return [(float(kappas[k]), float(kappas[k + 1]), float(pairs[k]))
            for k in np.flatnonzero(pairs < POOR)]
