"""What a model keeps of the information that a configuration has on the couplings of its action.

The weight of a field is exp(theta T) in a coupling theta, with T its sufficient statistic: 2 H for
kappa, -sum_x (phi^4 - 2 phi^2) for lambda, and sum_x phi for a field h that couples to it. The
Fisher information on theta, the others held fixed, is Var T in the field itself, and Var <T|y> in
latents y that are a function of it. So the part that is kept,

    Var <T|y> / Var T >= 1 - <(T - t(y))^2> / Var T,

is bounded from below by any prediction t of T from the latents, whatever draws it was fitted to.
The bound is the R^2 of t on draws that had no part in the fit. Here t is linear in invariants of
the decoded field z = g(y) (latent/invariants.py), to which a small network is added where that
lowers what is missed (latent/network.py). So it does not depend on how latents are labelled, and is
the same function for every family.

Every block of draws is judged by a fit to the other blocks (latent/crossvalidation.py). How much
the bound misses is measured in tests/validate/test_information.py, by sampling what fields that
share their kept Fourier modes have in common. On kappa it is 0.03% of the whole at most there. On
lambda it is 0.06(1)% at lambda = 0.02. At lambda = 1, L = 16 it is 0.7(1)% of 8.7% for 13 modes and
1.1(1)% of 19.4% for 61, and more where more modes are kept.

Suffixes: n draws, y x lattice axes, t statistics, b blocks, c columns.
"""

from collections.abc import Iterable

import numpy as np

from phi4hpc.latent import prediction
from phi4hpc.latent.crossvalidation import missed
from phi4hpc.latent.invariants import STATISTICS
from phi4hpc.latent.prediction import Map, before_and_after
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.parallel.communicator import Communicator, summed_over
from phi4hpc.parallel.jackknife import block_slices, with_deleted

Sums = dict[str, np.ndarray]

NAMES = (*STATISTICS[0], *STATISTICS[1], 'variance')
LEARN = 4096
"""Draws that predictions are fitted to beside those that are judged, at most."""
JUDGED = 8192
"""Draws that are judged of a model that was not trained, at most."""
ROUNDING = 1e-12
"""Of the sum of squares of a statistic, below which it does not vary."""


def analyse(comm: Communicator, mapped: Map, learn: Iterable[np.ndarray], phi_nyx: Fields,
            first: int, total: int, tally: Tally = NOWHERE, part: str = 'information') -> Sums:
    """Return the parts of the information that a map of fields keeps, by NAMES, with `_error`, and
    `_deleted` (b,) with each block of draws deleted.

    `X_network` is what the network has added to the part of X, 0 where it is left out. `variance`
    is 1 - <(phi - z)^2> / <phi^2>, what is kept of the field itself.

    `mapped` returns the decoded fields of fields, both (n, y, x). `phi_nyx` are draws of this rank,
    numbered from `first` of `total` over all ranks, that are judged, block by block. `learn` yields
    other draws of this rank that predictions are fitted to as well, some at a time. `part` names
    the sums. Errors are by jackknife over the blocks; nan where a statistic does not vary.
    Collective; the same to rounding on any number of ranks.
    """
    L, slices = phi_nyx.shape[-1], block_slices(first, len(phi_nyx), total)
    learnt_p = prediction.nothing(L, network=True)
    for some_nyx in tally.over(f'{part}-fit', learn, learnt_p):
        prediction.add(learnt_p, *before_and_after(mapped, some_nyx), network=True)
    products_bp = [prediction.nothing(L, network=True) for _ in slices]
    fields_b = [{'powers': np.zeros(3)} for _ in slices]
    sums = [*fields_b, *(products for products_p in products_bp for products in products_p)]
    for b, piece in tally.over(part, pieces(slices, L), sums):
        pair = before_and_after(mapped, phi_nyx[piece])
        prediction.add(products_bp[b], *pair, network=True)
        fields_b[b]['powers'] += powers(*pair)
    return judged(comm, products_bp, learnt_p, summed_over(comm, np.array(
        [fields['powers'] for fields in fields_b])))


def powers(phi_nyx: np.ndarray, z_nyx: np.ndarray) -> list[float]:
    """Return how many fields there are, and the sums of phi^2 and of (phi - z)^2."""
    return [len(phi_nyx), (phi_nyx**2).sum(), ((phi_nyx - z_nyx) ** 2).sum()]


def judged(comm: Communicator, products_bp: list[list[Sums]], learnt_p: list[Sums],
           powers_b3: np.ndarray) -> Sums:
    """Return the numbers of `analyse` from this rank's sums of products, and `powers` of all ranks.
    """
    count_b, square_b, lost_b = powers_b3.T
    found = []
    for parity, (names, centred) in enumerate(zip(STATISTICS, (True, False), strict=True)):
        gram_bcc = summed_over(comm, np.array([each_p[parity]['gram'] for each_p in products_bp]))
        learnt_cc, own = summed_over(comm, learnt_p[parity]['gram']), slice(1, 1 + len(names))
        found.append([gram_bcc[:, 0, own] * centred,      # by symmetry the mean of odd ones is 0
                      np.diagonal(gram_bcc, axis1=1, axis2=2)[:, own],
                      *missed(comm, gram_bcc, learnt_cc, len(names), centred)])
    found.append([array_b[:, None] for array_b in (0 * count_b, square_b, lost_b, lost_b)])
    names = 'sum', 'square', 'missed', 'linear'
    sums = {'count': count_b[:, None]} | {
        name: np.concatenate(arrays, 1) for name, arrays in zip(
            names, zip(*found, strict=True), strict=True)}
    value_i = with_network({name: array_b.sum(0) for name, array_b in sums.items()})
    value_bi = np.array([
        with_network({name: array_b.sum(0) - array_b[b] for name, array_b in sums.items()})
        for b in range(len(count_b))])
    keys = *NAMES, *(f'{name}_network' for name in NAMES[:-1])
    return with_deleted(keys, (value_i, value_bi))


def with_network(sums: Sums) -> np.ndarray:
    """Return what is kept of each quantity, by NAMES, and what the network has added of all but the
    variance."""
    value_t = kept(sums)
    added_t = value_t - kept(sums | {'missed': sums['linear']})
    return np.concatenate([value_t, added_t[:-1]])


def kept(sums: Sums) -> np.ndarray:
    """Return 1 - missed / variance of each quantity, by NAMES; nan where it does not vary."""
    with np.errstate(all='ignore'):
        variance_t = sums['square'] - sums['sum'] ** 2 / sums['count']
        varies_t = variance_t > ROUNDING * sums['square']     # one draw alone does not
        return 1 - sums['missed'] / np.where(varies_t, variance_t, np.nan)
