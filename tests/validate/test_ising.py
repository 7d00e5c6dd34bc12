"""lambda -> infinity is the Ising model at beta = 2 kappa, whose energy on a finite torus
Kaufman's formula gives.

Trajectories of hybrid Monte Carlo never cross the barrier between the signs there, so they are not
held against it.
"""

import numpy as np
import pytest

from phi4hpc.lattice.action import hopping
from phi4hpc.lattice.exact import KAPPA_C_ISING, ising_hopping
from tests.simulate import assert_agrees, observe

HOPPING, PHI2 = 1, 2


@pytest.mark.parametrize('kappa', [0.05, 0.2, KAPPA_C_ISING, 0.3, 1.0])
@pytest.mark.parametrize('L', [2, 4])
def test_kaufmans_formula_is_the_sum_over_all_states(kappa, L):
    bits = np.arange(2 ** (L * L))[:, None] >> np.arange(L * L) & 1
    energy = hopping((2.0 * bits - 1).reshape(-1, L, L))
    weight = np.exp(2 * kappa * (energy - energy.max()))
    exact = (energy * weight).sum() / weight.sum() / L**2
    assert abs(ising_hopping(kappa, L) / exact - 1) < 1e-12


def test_kaufmans_formula_tends_to_onsagers_energy():
    """At the critical point, where it lacks a part of order 1 / L: sqrt 2 for the two links of a
    site."""
    missing = [ising_hopping(KAPPA_C_ISING, L) - np.sqrt(2) for L in (256, 512)]
    assert abs(missing[0] / missing[1] - 2) < 1e-3
    assert abs(2 * missing[1] - missing[0]) < 1e-6


@pytest.mark.parametrize(('algorithm', 'L', 'spacing'), [
    ('metropolis', 4, 12), ('cluster', 8, 1), ('recipe', 8, 1)])
def test_large_lambda_tends_to_ising(device, algorithm, L, spacing):
    """The energy lacks a part of order 1 / lambda, which twice that at 80 less that at 40 is free
    of.

    What is left, of order 1 / lambda^2, is 0.3% where 15 and 30 are taken, so 0.05% here.
    """
    at = {lam: observe(device, L, KAPPA_C_ISING, lam, algorithm, replicas=256, draws=600,
                       spacing=spacing,
                       width=2.3)[..., HOPPING] for lam in (40.0, 80.0)}
    assert_agrees(2 * at[80.0] - at[40.0], ising_hopping(KAPPA_C_ISING, L), within=0.018)


def test_large_lambda_pins_the_modulus(device):
    values = observe(device, 4, 0.2, 60.0, draws=100, spacing=10, width=2.3)
    assert abs(values[..., PHI2].mean() - 1) < 0.02
