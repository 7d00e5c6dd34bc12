"""What predictions of statistics miss on blocks of draws that had no part in their fit.

Every block is judged by a fit to all others. Whether the units of the network take part in it
(latent/network.py), and with which ridge, is decided in the same way among the others alone: where
they do not lower what is missed by more than twice its error, they are left out. So no draw has a
part in the choice of a prediction by which it is judged.

Suffixes: b v blocks, c columns, t statistics, p ridges.
"""

import numpy as np

from phi4hpc.latent.prediction import regression
from phi4hpc.parallel.communicator import Communicator, by_key

RIDGES = np.inf, 1e-1, 1e-3, 1e-5
"""Of the units of the network, in parts of their variance; with the first there is no network."""
CLEAR = 2
"""Errors by which the network has to be better among the draws that choose.

One error was tried first. It let the network in for 61 Fourier modes at lambda = 1, where it took
0.08(6)% off the R^2 on lambda of the draws that judge.
"""


def missed(comm: Communicator, gram_bcc: np.ndarray, learnt_cc: np.ndarray, count: int,
           centred: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum of squares of what predictions miss of each block, (b, t), and the same
    without the network.

    `gram_bcc` are products of columns over the draws of each block, `learnt_cc` over draws that are
    fitted to and not judged, the same on all ranks; `count` is the number of statistics.
    Collective.
    """
    whole_cc, mine = gram_bcc.sum(0) + learnt_cc, {}
    for b in range(comm.rank, len(gram_bcc), comm.size):
        rest_cc, others_vcc = whole_cc - gram_bcc[b], np.delete(gram_bcc, b, 0)
        chosen_t = choice(rest_cc, others_vcc, count, centred)
        missed_pt = np.array([regression(rest_cc, count, centred, ridge).missed_square(gram_bcc[b])
                              for ridge in RIDGES])
        mine[b] = missed_pt[chosen_t, np.arange(count)], missed_pt[0]
    with_network, without = zip(*by_key(comm.allgather(mine)), strict=True)
    return np.array(with_network), np.array(without)


def choice(rest_cc: np.ndarray, others_vcc: np.ndarray, count: int, centred: bool) -> np.ndarray:
    """Return which of RIDGES predicts each statistic best on blocks v by fits to all others, (t,).

    That is none of the network unless another one is better by more than CLEAR errors.
    """
    if len(others_vcc) < 2:
        return np.zeros(count, int)
    fit_vcc = rest_cc - others_vcc
    missed_pvt = np.array([regression(fit_vcc, count, centred, ridge).missed_square(others_vcc)
                           for ridge in RIDGES])
    gain_pvt = missed_pvt[:1] - missed_pvt
    error_pt = gain_pvt.std(1, ddof=1) / np.sqrt(len(others_vcc))
    sure_pt = gain_pvt.mean(1) > CLEAR * error_pt
    return np.where(sure_pt, gain_pvt.mean(1), 0).argmax(0)
