"""lambda -> infinity is the Ising model at beta = 2 kappa, here on the 4 x 4 torus, summed over its 2^16 states."""

import numpy as np

from phi4hpc.lattice.action import hopping
from tests.simulate import assert_agrees, densities, observe

L, KAPPA = 4, 0.2


def ising(kappa):
    """Return the exact <H> / Omega and <M^2> of spins +-1 with weight exp(2 kappa H)."""
    bits = np.arange(2 ** (L * L))[:, None] >> np.arange(L * L) & 1
    spins = (2.0 * bits - 1).reshape(-1, L, L)
    energy = hopping(spins)
    weight = np.exp(2 * kappa * (energy - energy.max()))
    return [(values * weight).sum() / weight.sum() for values in (energy / L**2, spins.mean((1, 2)) ** 2)]


def spins_of_fields(fields):
    """Return <H> / Omega and M^2 (replica, 2) of the signs of the fields."""
    spins = np.sign(fields.read().astype('f8'))
    return np.stack([hopping(spins) / L**2, spins.mean((1, 2)) ** 2], -1)


def test_large_lambda_tends_to_ising(device):
    """At finite lambda the signs differ from Ising's by O(1/lambda), which cancels between lambda = 30 and 60."""
    at = {lam: observe(device, L, KAPPA, lam, observable=spins_of_fields, replicas=128, draws=1000,
                       spacing=10, width=2.3) for lam in (30.0, 60.0)}
    assert_agrees(2 * at[60.0] - at[30.0], np.array(ising(KAPPA)), within=0.04)


def test_large_lambda_pins_the_modulus(device):
    values = observe(device, L, KAPPA, 60.0, observable=densities, replicas=64, draws=500, spacing=10, width=2.3)
    assert abs(values[..., 2].mean() - 1) < 0.02
