"""What a model keeps of each momentum, from fields before and after it: phi~(p) and A(phi)~(p).

All is of sums over draws and over the orbit of a momentum under the symmetries of the square:

    coherence    <Re(phi~* A~)> / (<|phi~|^2> <|A~|^2>)^(1/2): its square is the part of the power
                 that the reconstruction accounts for,
    regression   <Re(phi~* A~)> / <|phi~|^2>: the transfer, what of a wave comes back in phase,
    power_ratio  <|A~|^2> / <|phi~|^2>: G of the reconstruction over G.

And, for momenta above the cut, the response c(p) of what is lost to the cube of what is kept,

    cubic            <Re(F* A~)> / <|F|^2>, with F = (phi_<^3)~(p),
    cubic_original   the same of phi~ in place of A~: what the ensemble itself says,

where phi_< has the momenta below the cut, whole shells that number nearest to the latents. To first
order in lambda both are -4 lambda G(p); `cubic_ratio` and `cubic_original_ratio` are over that, and
`cubic_ratio_mean` and `cubic_original_ratio_mean` their means over orbits, with the weights that
the errors of the latter give them. From the same sums follows the loss, sum_p <|phi~ - A~|^2>, and
so the `gain` over the linear optimum of these draws.

Suffixes: n draws, y x lattice axes or momenta, o orbits, l levels.
"""

from collections.abc import Callable, Iterator

import numpy as np
from scipy.optimize import isotonic_regression

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.losses import lost_of_orbits
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.latent.waves import coordinates
from phi4hpc.lattice.orbits import numbered
from phi4hpc.lattice.shells import kept_shells
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import (
    Blocks,
    block_slices,
    deleted,
    gather_blocks,
    jackknife,
    named,
    with_deleted,
)

Sums = dict[str, np.ndarray]

LEVELS = (0.75, 0.5, 0.25)
"""Where a cut-off is read off: its place at 1/2, its width between 3/4 and 1/4."""
PAIRS = {'before': ('phi', 'phi'), 'after': ('A', 'A'), 'both': ('phi', 'A'),
         'cube': ('F', 'F'), 'cube_after': ('F', 'A'), 'cube_before': ('F', 'phi')}
"""The sums that are kept: of the real part of the one, conjugate, times the other."""
KEPT = ('coherence', 'regression', 'power_ratio')
ROUNDING = 1e-10
"""Power of a reconstruction over that of the field, or of a cube over the largest one, below which
it is nothing but rounding."""


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
            lam: float, tally: Tally = NOWHERE) -> Sums:
    """Return arrays over orbits (o,) by the names above, with `_error` of the jackknife.

    `phi_nyx` are the draws of this rank, numbered from `first` of `total` over all ranks. `p_hat`,
    `n_y`, `n_x` and `momenta` say which orbit it is, and of how many momenta. KEPT have a `_spread`
    too, the standard deviation over the momenta of the orbit. `cutoff_coherence` and
    `cutoff_regression` (l,) are the momenta p^ where the squared coherence and the regression pass
    LEVELS, nan where they do not. `gain` and the means of ratios have `X_deleted` (b,) as well,
    with each block of draws deleted. What is not defined is nan. Collective; the same to rounding
    on any number of ranks.
    """
    slices = block_slices(first, len(phi_nyx), total)
    blocks = gather_blocks(comm, *summed(model, phi_nyx, slices, tally))
    found = coordinates(model.L)
    p_hat_o, count_o = found['p_hat'], found['momenta']
    sites_o = count_o * model.sites
    names = [*KEPT, *cubic_names(lam)]
    found |= named(names, jackknife(comm, blocks, lambda sums: np.array(
        [*kept(sums).values(), *cubic(sums, lam, sites_o).values()])))
    if lam > 0:
        ratios = names[-2:]
        found |= with_deleted([f'{name}_mean' for name in ratios], means_of_ratios(
            comm, blocks, found['cubic_original_ratio_error'],
            lambda sums: np.array([cubic(sums, lam, sites_o)[name] for name in ratios])))
    found |= with_deleted(['gain'], deleted(
        comm, blocks, lambda sums: np.array([gain(sums, model.L, model.latent)])))
    of_momenta = kept({name: blocks.total[f'{name} of momenta'] for name in PAIRS})
    found |= {f'{name}_spread': spread(of_momenta[name]) for name in KEPT}
    return found | named(('cutoff_coherence', 'cutoff_regression'), jackknife(
        comm, blocks, lambda sums: cutoffs(p_hat_o, count_o, sums)))


def summed(model: Autoencoder, phi_nyx: Fields, slices: list[slice],
           tally: Tally) -> tuple[list[Sums], Sums]:
    """Return sums over orbits of each block of draws, and sums at all momenta of all draws."""
    L, orbit_D = model.L, numbered(model.L).ravel()
    nothing = {name: np.zeros(orbit_D.max() + 1) for name in PAIRS} | {'count': np.zeros(1)}
    sums_b = [{name: zero.copy() for name, zero in nothing.items()} for _ in slices]
    whole = {f'{name} of momenta': np.zeros((L, L)) for name in PAIRS}
    below_yx = kept_shells(model.latent, L)
    for b, piece in tally.over('momentum', pieces(slices, L), [*sums_b, whole]):
        sums_b[b]['count'] += piece.stop - piece.start
        for name, product_yx in products(model, phi_nyx[piece], below_yx):
            sums_b[b][name] += np.bincount(orbit_D, product_yx.ravel())
            whole[f'{name} of momenta'] += product_yx
    return sums_b, whole


def products(model: Autoencoder, phi_nyx: np.ndarray,
             below_yx: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the PAIRS by name, summed over draws, at all momenta (L, L)."""
    modes = {'phi': transformed(phi_nyx), 'A': transformed(reconstruct(model, phi_nyx))}
    low_nyx = np.fft.ifft2(modes['phi'] * below_yx).real
    modes['F'] = transformed(low_nyx * low_nyx * low_nyx) * ~below_yx    # quicker than low_nyx**3
    for name, (one, other) in PAIRS.items():
        yield name, product(modes[one], modes[other])


def product(a_nyx: np.ndarray, b_nyx: np.ndarray) -> np.ndarray:
    """Return Re(a* b) at all momenta (L, L), summed over draws."""
    return (a_nyx.real * b_nyx.real + a_nyx.imag * b_nyx.imag).sum(0)


def transformed(phi_nyx: np.ndarray) -> np.ndarray:
    """Return phi~(p) of fields (n, y, x), ordered as by numpy.fft.fft2."""
    return np.fft.fft2(np.asarray(phi_nyx, np.float64))


def kept(sums: Sums) -> Sums:
    """Return what is kept of momenta, by the names KEPT, from sums over orbits or at momenta."""
    before, after, both = (sums[name] for name in ('before', 'after', 'both'))
    with np.errstate(all='ignore'):
        coherence = np.where(after > ROUNDING * before, both / np.sqrt(before * after),
                             np.where(before > 0, 0.0, np.nan))
        return dict(zip(KEPT, (coherence, both / before, after / before), strict=True))


def cubic_names(lam: float) -> list[str]:
    """Return the names of what `cubic` returns."""
    names = ['cubic', 'cubic_original']
    return names + [f'{name}_ratio' for name in names] if lam > 0 else names


def cubic(sums: Sums, lam: float, sites_o: np.ndarray) -> Sums:
    """Return responses to the cube, from sums over orbits; nan below the cut, where it is 0.

    `sites_o` is the number of momenta of each orbit, times the sites.
    """
    # Three kept waves do not reach every momentum: there the cube is nothing but rounding.
    cube_o = np.where(sums['cube'] > ROUNDING * sums['cube'].max(), sums['cube'], np.nan)
    with np.errstate(all='ignore'):
        found = [sums[name] / cube_o for name in ('cube_after', 'cube_before')]
        first_order_o = -4 * lam * sums['before'] / (sums['count'] * sites_o)
        found += [response_o / first_order_o for response_o in found] if lam > 0 else []
    return dict(zip(cubic_names(lam), found, strict=True))


def means_of_ratios(comm: Communicator, blocks: Blocks, error_o: np.ndarray,
                    ratios: Callable[[Sums], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the means (q,) over orbits of `ratios(sums)` (q, o), and with a block deleted (b, q).

    Weights are those of independent orbits with these errors, nan where none is known. Orbits of
    the same draws are not independent, which the jackknife over draws takes into account.
    """
    weight_o = np.where(error_o > 0, error_o, np.inf) ** -2
    with np.errstate(invalid='ignore'):
        return deleted(comm, blocks, lambda sums:
                       np.nansum(weight_o * ratios(sums), 1) / weight_o.sum())


def gain(sums: Sums, L: int, latent: int) -> np.ndarray:
    """Return 1 - loss / loss of the linear optimum, from sums over orbits; nan where that loses
    nothing."""
    loss = (sums['before'] - 2 * sums['both'] + sums['after']).sum()
    optimum = sums['before'] @ lost_of_orbits(sums['before'], L, latent)
    return 1 - loss / np.where(optimum > 0, optimum, np.nan)


def spread(value_yx: np.ndarray) -> np.ndarray:
    """Return the standard deviation over the momenta of each orbit, (o,)."""
    orbit_D, value_D = numbered(len(value_yx)).ravel(), value_yx.ravel()
    count_o = np.bincount(orbit_D)
    mean_o = np.bincount(orbit_D, value_D) / count_o
    return np.sqrt(np.bincount(orbit_D, (value_D - mean_o[orbit_D]) ** 2) / count_o)


def cutoffs(p_hat_o: np.ndarray, count_o: np.ndarray, sums: Sums) -> np.ndarray:
    """Return the momenta where the squared coherence, then the regression, pass LEVELS, (2, l)."""
    of_orbits = kept(sums)
    curves = of_orbits['coherence'] ** 2, of_orbits['regression']
    return np.array([passing(p_hat_o, count_o, value_o) for value_o in curves])


def passing(p_hat_o: np.ndarray, count_o: np.ndarray, value_o: np.ndarray) -> np.ndarray:
    """Return the momenta p^ where a quantity falls through LEVELS; nan where it does not, (l,).

    The quantity may depend on the direction of p too, so that it does not fall with p^ throughout:
    it is replaced by the curve that falls and is nearest to it in least squares, linear between
    momenta.
    """
    if not np.isfinite(value_o).all():
        return np.full(len(LEVELS), np.nan)
    order = np.argsort(p_hat_o, kind='stable')
    p_hat_o = p_hat_o[order]
    fall_o = isotonic_regression(value_o[order], weights=count_o[order], increasing=False).x
    found = []
    for level in LEVELS:
        i = int(np.searchsorted(-fall_o, -level, side='right'))    # the first below the level
        if 0 < i < len(fall_o):
            part = (fall_o[i - 1] - level) / (fall_o[i - 1] - fall_o[i])
            found.append(p_hat_o[i - 1] + part * (p_hat_o[i] - p_hat_o[i - 1]))
        else:
            found.append(np.nan)
    return np.array(found)
