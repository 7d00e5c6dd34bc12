"""Angles between what observables respond to, from their responses to waves.

The Gram matrices G of two observables, averaged over the symmetries of the lattice, have the same
eigenvectors, plane waves: principal angles between spaces that these span are 0 or 90 degrees, and
which waves a space has would be chance wherever responses are equal. So all waves are taken, by how
much they count:

    cos(angle) = Tr(G_1 G_2) / (Tr(G_1^2) Tr(G_2^2))^(1/2),

where Tr(G_1 G_2) = sum_ij s_i^2 t_j^2 cos^2(a_ij), with the values s and t of both observables and
the angles a_ij between their directions. Of two observables that see one direction each, cos(angle)
is the squared cosine of the principal angle. Under random rotations against each other in n
dimensions Tr(G_1 G_2) is Tr(G_1) Tr(G_2) / n in the mean, exactly; so that of cos(angle) is
(P_1 P_2)^(1/2) / n, with P = Tr(G)^2 / Tr(G^2).

Suffixes: q observables, o orbits.
"""

from functools import partial

import numpy as np

from phi4hpc.latent.multiplets import Arrays, Sums, leading_kind, response, with_errors
from phi4hpc.latent.response import Responses
from phi4hpc.latent.waves import coordinates, participation
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import Blocks

ROUNDING = 1e-5
"""Part of the largest response below which others are rounding of weights in float32."""


def between(comm: Communicator, blocks: Blocks, responses: Responses, names: list[str],
            L: int) -> Arrays:
    """Return `observable` (q,), the names, and angles (q, q) in degrees between observables.

    `all` is of all waves, `beyond` of those but the constant field, nan where an observable
    responds to none; `original_` of the observables before the model. They have errors. `chance_`
    is what random directions have, among as many waves as the autoencoder lets pass.
    """
    momenta_o = coordinates(L)['momenta']
    beyond_o = np.where(np.arange(len(momenta_o)) > 0, momenta_o, 0)
    counts = {'all': momenta_o, 'beyond': beyond_o}
    found = with_errors(comm, blocks, {
        f'{start}{key}': partial(_angles, responses, names, bool(start), count_o)
        for start in ('', 'original_') for key, count_o in counts.items()})
    passing_o = np.sqrt(blocks.total['value'].clip(0))
    for key, count_o in counts.items():
        square_qo = squares(responses, names, False, count_o, blocks.total)
        found[f'chance_{key}'] = chance(square_qo, count_o, participation(passing_o, count_o))
    return {'observable': np.array(names, dtype='S'), **found}


def squares(responses: Responses, names: list[str], original: bool, count_o: np.ndarray,
            sums: Sums) -> np.ndarray:
    """Return the squared responses to waves that count, (q, o), in units of the field's deviation.

    nan where there is none, or it is not defined.
    """
    found = np.full((len(names), len(count_o)), np.nan)
    for row_o, name in zip(found, names, strict=True):
        relative = leading_kind(responses, name, sums) == 'relative'
        value_o = response(responses, name, original, sums, scaled=True, relative=relative)
        if value_o is not None and value_o[count_o > 0].max() > ROUNDING * value_o.max():
            row_o[:] = value_o**2
    return found


def angle(square_qo: np.ndarray, count_o: np.ndarray) -> np.ndarray:
    """Return the angles in degrees, (q, q), by chords, which resolve the small ones."""
    gram_qo = square_qo * np.sqrt(count_o)
    unit_qo = gram_qo / np.linalg.norm(gram_qo, axis=1, keepdims=True)
    chord_qq = np.linalg.norm(unit_qo[:, None] - unit_qo, axis=2)
    return np.degrees(2 * np.arcsin((chord_qq / 2).clip(0, 1)))


def chance(square_qo: np.ndarray, count_o: np.ndarray, waves: float) -> np.ndarray:
    """Return the angles (q, q) whose cosine is the mean over random rotations among some waves.

    nan where both see more waves than these in the mean.
    """
    count_q = (square_qo @ count_o) ** 2 / (square_qo**2 @ count_o)
    cosine_qq = np.sqrt(np.outer(count_q, count_q)) / waves
    return np.degrees(np.arccos(np.where(cosine_qq < 1, cosine_qq, np.nan)))


def _angles(responses: Responses, names: list[str], original: bool, count_o: np.ndarray,
            sums: Sums) -> np.ndarray:
    return angle(squares(responses, names, original, count_o, sums), count_o)
