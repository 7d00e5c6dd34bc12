"""What a trained model has learned beyond a linear response, in terms of operators fixed before.

The reconstruction A is taken apart in momentum space, for each orbit of momenta by itself:

    A~(p) = c(p) phi~(p) + c_0(p) A~_0(p) + R~(p),
    R~(p) = sum over operators a of c_a(p) O~_a(p) + rest,

with A_0 the network at its first weights, so that R is what training has added, and coefficients
that are fitted to draws before the test draws. A sector is a few operators; what it explains is the
part of <|R|^2> on test draws that falls away with it, which is negative where it explains nothing.
Sectors have the parity of the field and three powers of it, as first-order perturbation theory:

    site        phi^3,
    neighbours  phi^2 sum phi' and phi sum phi'^2 over the four neighbours phi',
    kept        phi_<^3, with phi_< the momenta below the cut, as in latent/momentum.py,
    together    all of these.

The cubes of the neighbours are in `site`, as are those of all sites at one distance: at each orbit
they are a number times phi^3.

Controls, which should explain nothing, are `parity`, phi^2 and phi_<^2, and `random`, three
products of the field at three sites that lie far apart, drawn by chance; these do have a little of
phi_<^3 where waves are as long as the lattice. The way of the test is that of arXiv:2605.11199.
What no operator explains are higher powers, and what depends on places: on those in a block, or on
those at which hidden units look. Linear maps that mix waves which blocks take for one another are
among it: of the quickstart's convolutional model they have 15% of <|R|^2>. The encoder is taken
apart in the same way (latent/encoder.py).

Suffixes: n draws, y x lattice axes, o orbits of momenta, a b operators.
"""

from collections.abc import Iterable

import numpy as np

from phi4hpc.latent.momentum import transformed
from phi4hpc.latent.prediction import Map
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.lattice.action import neighbours
from phi4hpc.lattice.orbits import numbered
from phi4hpc.lattice.shells import kept_shells
from phi4hpc.parallel.communicator import Communicator, summed_over
from phi4hpc.parallel.jackknife import block_slices, deleted, gather_blocks, with_deleted

Sums = dict[str, np.ndarray]

MODEL, INITIAL, FIELD = 0, 1, 2
SECTORS = {'site': [3], 'neighbours': [4, 5], 'kept': [6], 'together': [3, 4, 5, 6],
           'parity': [7, 8], 'random': [9, 10, 11]}
"""The operators of each sector, as `fields` numbers them."""
COUNT = 12
NAMES = ('nonlinear', *SECTORS)
RIDGE = 1e-9
"""Of the power of an operator in all momenta: it takes out those that one does not reach."""
ROUNDING = 1e-12
"""Of the power of the field, below which there is no R."""


def analyse(comm: Communicator, mapped: Map, initial: Map, latent: int, learn: Iterable[np.ndarray],
            phi_nyx: Fields, first: int, total: int, tally: Tally = NOWHERE,
            part: str = 'learned') -> Sums:
    """Return the part of <|R|^2> that each of SECTORS explains on test draws, with `_error`, and
    `_deleted` (b,) with each block of these draws deleted.

    `nonlinear` is <|R|^2> / <|phi|^2>. `mapped` and `initial` are A of the model and at its first
    weights, `latent` says where the cut is, `learn` are draws of this rank that coefficients are
    fitted to, `phi_nyx` its test draws, numbered from `first` of `total` over all ranks. `part`
    names the sums. nan where there is no R. Collective; the same to rounding on any number of
    ranks.
    """
    L = phi_nyx.shape[-1]
    gram_oab = np.zeros((numbered(L).max() + 1, COUNT, COUNT))
    for some_nyx in tally.over(f'{part}-fit', learn, [{'gram': gram_oab}]):
        gram_oab += products(mapped, initial, latent, some_nyx)
    total_oab = summed_over(comm, gram_oab)
    weights = {name: coefficients(total_oab, [INITIAL, FIELD, *own])
               for name, own in SECTORS.items()}
    weights['nonlinear'] = coefficients(total_oab, [INITIAL, FIELD])
    slices = block_slices(first, len(phi_nyx), total)
    sums_b = [{'gram': np.zeros_like(gram_oab)} for _ in slices]
    for b, piece in tally.over(part, pieces(slices, L), sums_b):
        sums_b[b]['gram'] += products(mapped, initial, latent, phi_nyx[piece])
    return with_deleted(NAMES, deleted(comm, gather_blocks(comm, sums_b),
                                       lambda sums: parts(sums['gram'], weights)))


def products(mapped: Map, initial: Map, latent: int, phi_nyx: np.ndarray) -> np.ndarray:
    """Return sums over draws and over each orbit of Re(F_a* F_b) of all fields, (o, a, b)."""
    L = phi_nyx.shape[-1]
    orbit_D = numbered(L).ravel()
    wave_anD = transformed(np.stack(fields(mapped, initial, latent, phi_nyx))).reshape(
        COUNT, len(phi_nyx), L**2)
    both_Dan = np.concatenate([wave_anD.real, wave_anD.imag], 1).transpose(2, 0, 1)
    gram_Dab = both_Dan @ both_Dan.transpose(0, 2, 1)
    order = np.argsort(orbit_D, kind='stable')
    starts_o = np.searchsorted(orbit_D[order], np.arange(orbit_D.max() + 1))
    return np.add.reduceat(gram_Dab[order], starts_o)


def fields(mapped: Map, initial: Map, latent: int, phi_nyx: np.ndarray) -> list[np.ndarray]:
    """Return A of the model and at its first weights, the field, and all operators, (n, y, x)."""
    L, phi = phi_nyx.shape[-1], np.asarray(phi_nyx, np.float64)
    low = np.fft.ifft2(transformed(phi) * kept_shells(latent, L)).real
    square = phi**2
    local = [square * phi, square * neighbours(phi), phi * neighbours(square), low**2 * low]
    far = np.random.default_rng(1).integers(L // 4, L - L // 4, (3, 2, 2))
    chance = [phi * np.roll(phi, one, (1, 2)) * np.roll(phi, one + other, (1, 2))
              for one, other in far]
    made = [mapped(phi_nyx), initial(phi_nyx)]
    return [*(np.asarray(z_nyx, np.float64) for z_nyx in made), phi, *local, square, low**2,
            *chance]


def coefficients(gram_oab: np.ndarray, own: list[int]) -> np.ndarray:
    """Return the coefficients of A in some fields by least squares, those of others 0, (o, a)."""
    found_oa = np.zeros(gram_oab.shape[:2])
    matrix_oab = gram_oab[:, own][:, :, own]
    ridge_a = RIDGE * gram_oab[:, own, own].mean(0)
    scale_a = 1 / np.sqrt(np.where(ridge_a > 0, ridge_a, 1))
    matrix_oab = matrix_oab * np.outer(scale_a, scale_a) + np.eye(len(own))
    right_oa1 = (gram_oab[:, own, MODEL] * scale_a)[..., None]
    found_oa[:, own] = np.linalg.solve(matrix_oab, right_oa1)[..., 0] * scale_a
    return found_oa


def missed(gram_oab: np.ndarray, weight_oa: np.ndarray) -> float:
    """Return the power of A that is left with these coefficients, of all momenta together."""
    left_oa = -weight_oa
    left_oa[:, MODEL] += 1
    return float(np.einsum('oa,oab,ob->', left_oa, gram_oab, left_oa))


def parts(gram_oab: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """Return the numbers by NAMES from sums over draws."""
    power, rest = gram_oab[:, FIELD, FIELD].sum(), missed(gram_oab, weights['nonlinear'])
    if not rest > ROUNDING * power:
        return np.full(len(NAMES), np.nan)
    explained = [1 - missed(gram_oab, weights[name]) / rest for name in SECTORS]
    return np.array([rest / power, *explained])
