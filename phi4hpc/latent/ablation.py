"""What is left of a model when the directions of latent space that say least are removed.

The directions are those of the Fisher metric with Sigma(p), the covariance of what is lost
(latent/metric.py). Latents are projected on the most informative ones and decoded; what the decoded
field still says is judged on test draws, and beside it, as a control, what the same number of the
least informative directions say. Were the order a momentum cut-off, the power of the decoded field
would fall at a momentum, which falls with the number of directions that stay.

Suffixes: n draws, y x lattice axes or momenta, d latents, k numbers of directions that stay,
o orbits of momenta, f features, t statistics.
"""

from functools import partial

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent import information, prediction
from phi4hpc.latent.invariants import features, statistics
from phi4hpc.latent.metric import Metric
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, pieces
from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.lattice.orbits import numbered, representatives, zone_momentum
from phi4hpc.lattice.shells import closed_sizes
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

Sums = dict[str, np.ndarray]

NAMES = (*information.NAMES, 'binder_shift', 'abs_magnetisation_ratio')
MANY = len(NAMES)


def analyse(comm: Communicator, model: Autoencoder, metric: Metric, learn: list[np.ndarray],
            phi_nyx: Fields, first: int, total: int, tally: Tally = NOWHERE) -> Sums:
    """Return arrays over the numbers of directions that stay (k,), `directions`, with `_error`:

    information.NAMES: the part that the decoded field keeps, and `X_of_least` where the least
        informative directions stay in place of the most informative ones,
    `binder_shift`, `abs_magnetisation_ratio`: U_L of decoded fields - that of the fields, and the
        same of <|M|>, as a ratio,
    `power_ratio` (k, o): G of decoded fields over G, with `p_hat` (o,).

    `learn` are the draws of this rank that predictions are fitted to. `phi_nyx` are its test draws,
    numbered from `first` of `total` over all ranks. Collective.
    """
    counts, slices = numbers(model.latent, model.L), block_slices(first, len(phi_nyx), total)

    def judged(stay: slice) -> tuple[np.ndarray, np.ndarray]:
        decoded = partial(from_some, model, metric.only(stay))
        part = f'ablation-{stay.start}-{stay.stop}'
        predictions = prediction.fitted(comm, decoded, learn, model.L, tally, f'{part}-fit')
        sums_b = [nothing(model.L) for _ in slices]
        for b, piece in tally.over(part, pieces(slices, model.L), sums_b):
            add(sums_b[b], predictions, decoded, phi_nyx[piece])
        return jackknife(comm, gather_blocks(comm, sums_b), estimates)

    found = {'directions': np.array(counts),
             'p_hat': zone_momentum(model.L)[representatives(model.L)]}
    of_most = [judged(slice(0, k)) for k in counts]
    of_least = [of_most[0], *(judged(slice(model.latent - k, model.latent)) for k in counts[1:])]
    for end, both, own in (('', of_most, (*NAMES, 'power_ratio')),
                           ('_of_least', of_least, information.NAMES)):
        for part, all_ki in zip(('', '_error'), np.swapaxes(both, 0, 1), strict=True):
            named = dict(zip(NAMES, all_ki.T, strict=False)) | {'power_ratio': all_ki[:, MANY:]}
            found |= {f'{name}{end}{part}': named[name] for name in own}
    return found


def numbers(latent: int, L: int) -> list[int]:
    """Return how many directions stay: all, then about half of those before, down to one.

    They are numbers that close a shell of momenta, except for the first.
    """
    closed = closed_sizes(L)
    below = closed[closed < latent]
    halves = latent / 2.0 ** np.arange(1, np.ceil(np.log2(latent)) + 1)
    near = {int(below[np.abs(below - half).argmin()]) for half in halves if len(below)}
    return [latent, *sorted(near, reverse=True)]


@torch.no_grad()
def from_some(model: Autoencoder, only_dd: np.ndarray, phi_nyx: np.ndarray) -> np.ndarray:
    """Return the decoded fields (n, y, x) of latents from which directions are removed."""
    weight = next(model.parameters())
    y_nd = model.encode(as_rows(phi_nyx, weight)) @ torch.from_numpy(only_dd).to(weight).T
    return model.decode(y_nd).reshape(phi_nyx.shape).cpu().numpy()


def nothing(L: int) -> Sums:
    """Return sums over no draws: of what information needs, of moments of M, and of power."""
    found = {name: np.zeros(len(information.NAMES))
             for name in ('count', 'sum', 'square', 'missed')}
    return found | {'moments': np.zeros((2, 3)), 'power': np.zeros((2, numbered(L).max() + 1))}


def add(sums: Sums, predictions: list[prediction.Prediction], decoded: prediction.Map,
        phi_nyx: np.ndarray) -> None:
    """Add some draws to the sums of a block."""
    orbit_D = numbered(phi_nyx.shape[-1]).ravel()
    pair = prediction.before_and_after(decoded, phi_nyx)
    add_information(sums, predictions, *pair)
    for side, z_nyx in enumerate(pair):
        m_n = abs(z_nyx.mean((1, 2)))
        sums['moments'][side] += [m_n.sum(), (m_n**2).sum(), (m_n**4).sum()]
        power_yx = mode_propagator(z_nyx) * len(z_nyx)
        sums['power'][side] += np.bincount(orbit_D, power_yx.ravel())


def add_information(sums: Sums, predictions: list[prediction.Prediction], phi_nyx: np.ndarray,
                    z_nyx: np.ndarray) -> None:
    """Add what `information.kept` takes, of fields and decoded fields."""
    true_nt = np.concatenate(statistics(phi_nyx), 1)
    missed_nt = np.concatenate([prediction.missed(x_nf, t_nt) for prediction, x_nf, t_nt in zip(
        predictions, features(z_nyx), statistics(phi_nyx), strict=True)], 1)
    sums['count'] += len(phi_nyx)
    sums['sum'] += [*true_nt[:, :2].sum(0), 0, 0]         # by symmetry the mean of odd ones is 0
    sums['square'] += [*(true_nt**2).sum(0), (phi_nyx**2).sum()]
    sums['missed'] += [*(missed_nt**2).sum(0), ((phi_nyx - z_nyx) ** 2).sum()]


def estimates(sums: Sums) -> np.ndarray:
    """Return NAMES, then the ratio of powers at each orbit, from sums over draws."""
    with np.errstate(all='ignore'):
        m_s, m2_s, m4_s = (sums['moments'] / sums['count'][0]).T
        binder_s = 1 - m4_s / (3 * m2_s**2)
        before_o, after_o = sums['power']
        return np.array([*information.kept(sums), binder_s[1] - binder_s[0], m_s[1] / m_s[0],
                         *(after_o / before_o)])
