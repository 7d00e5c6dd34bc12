"""What kept modes say of lost ones at weak coupling: to first order in lambda, a lost mode has the
mean -4 lambda G(p) (phi_<^3)~(p).

Higher orders are relative corrections in powers of lambda. Values at three couplings, each half the
next, are combined so that the first two of them cancel.
"""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.device.choose import choose
from phi4hpc.latent import momentum
from tests.autoencoders import model
from tests.simulate import observe
from tests.training import shared, train

L, LATENT, KAPPA = 8, 13, 0.2
LAMBDAS = 0.02, 0.04, 0.08
WEIGHTS = 8 / 3, -2.0, 1 / 3


def ensemble(lam, replicas):
    """Fields of independent replicas, (n, y, x), those of each replica in a row."""
    phi_nryx = observe(choose('host')[0], L, KAPPA, lam, 'recipe', replicas=replicas, draws=250,
                       spacing=3, width=1.6, observable=lambda held: held.fields.read())
    return phi_nryx.swapaxes(0, 1).reshape(-1, L, L)


def responses(folder, lam, replicas):
    """Return the mean over orbits of c(p) / (-4 lambda G(p)), of the ensemble and of the cubic
    decoder, and the error of either.

    One half of the draws is the ensemble's, the other is what the decoder learns from: so both have
    the same error, with the weights of orbits that are best for the ensemble.
    """
    phi_nyx = ensemble(lam, replicas)
    half = len(phi_nyx) // 2
    folder.mkdir()
    shares = shared(phi_nyx[:half], half // 16, 800)
    cubic = model('cubic', LATENT, L, encoding='linear')
    _, network = train(folder, cubic, shares, lam, epochs=16, rate=2e-4)
    test_nyx = phi_nyx[half:]
    found = momentum.analyse(MPI.COMM_SELF, network, test_nyx, 0, len(test_nyx), lam)
    error = found['cubic_original_ratio_error']
    weight = np.where(np.isfinite(error) & (error > 0), error, np.inf) ** -2
    weight /= weight.sum()
    values = [weight @ np.nan_to_num(found[name]) for name in ('cubic_original_ratio',
                                                               'cubic_ratio')]
    return values, 1 / np.sqrt((error[weight > 0] ** -2).sum())


@pytest.mark.long
def test_the_cubic_decoder_learns_what_perturbation_theory_says(tmp_path):
    """And the ensemble itself says so. At the strongest of the couplings neither does."""
    found = [responses(tmp_path / f'{lam}', lam, 1024) for lam in LAMBDAS]
    error = np.linalg.norm(np.multiply(WEIGHTS, [each for _, each in found]))
    assert error < 0.12
    for values in zip(*(values for values, _ in found), strict=True):
        assert abs(np.dot(WEIGHTS, values) - 1) < 4 * error
        assert 1 - values[-1] > 4 * found[-1][1]
