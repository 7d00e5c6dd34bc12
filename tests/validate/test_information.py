"""Information that Fourier modes keep at lambda = 0.02, against what another program found."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.latent import information
from phi4hpc.lattice.shells import kept_shells
from tests.simulate import observe

pytestmark = pytest.mark.long
L, KAPPA, LAMBDA = 32, 0.269, 0.02
KNOWN = {5: (0.911, 0.786, 0.45), 21: (0.976, 0.870, 0.55), 61: (0.9935, 0.909, 0.645),
         169: (0.999, 0.940, 0.75), 313: (0.9995, 0.957, 0.82)}
"""Parts kept of the information on kappa, on lambda, and of the variance of phi, by latent size. In
place of 313, which closes a shell, that program had 317."""
ROUNDED = np.array([5e-4, 5e-4, 5e-3])
"""The last digits of these."""


@pytest.fixture(scope='module')
def phi_rnyx():
    """Return independent replicas of draws, (r, n, y, x)."""
    from phi4hpc.device.choose import choose

    phi_nryx = observe(choose('host')[0], L, KAPPA, LAMBDA, 'recipe', draws=128,
                       observable=lambda held: held.fields.read())
    return phi_nryx.swapaxes(0, 1)


@pytest.mark.parametrize('latent', KNOWN)
def test_a_momentum_cut_keeps_what_another_program_found(phi_rnyx, latent):
    below_yx = kept_shells(latent, L)
    learn, test_nyx = phi_rnyx[:32], phi_rnyx[32:].reshape(-1, L, L)
    found = information.analyse(
        MPI.COMM_SELF, lambda phi_nyx: np.fft.ifft2(np.fft.fft2(phi_nyx) * below_yx).real, learn,
        test_nyx, 0, len(test_nyx))
    names = 'kappa', 'lambda', 'variance'
    value, error = (np.array([found[f'{name}{part}'] for name in names]) for part in ('', '_error'))
    # Its errors are like ours, since it had about as many draws.
    assert (np.abs(value - KNOWN[latent]) < 4 * np.sqrt(2) * error + ROUNDED).all(), (value, error)
    assert (error < (0.01, 0.02, 0.01)).all()
