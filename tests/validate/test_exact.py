"""Every algorithm against integrals: one site, the L = 2 torus, the Schwinger-Dyson identity."""

import numpy as np
import pytest

from phi4hpc.lattice.exact import one_site_moments, two_torus
from tests.simulate import ALGORITHMS, assert_agrees, binder, observe

MAGNETISATION, HOPPING, PHI2, PHI4 = range(4)
TORI = [*((algorithm, 0.3, 0.1, 'float32') for algorithm in ALGORITHMS),
        ('recipe', 0.3, 1.0, 'float32'), ('recipe', 0.26, 0.02, 'float64')]
STEPS = {'metropolis': (400, 4), 'cluster': (400, 4), 'leapfrog': (1200, 1)}
"""On the L = 2 torus: draws and their spacing, by how slowly an algorithm decorrelates."""


def test_the_recipe_is_that_of_a_deck_that_names_none():
    from phi4hpc.deck.schema import RECIPE

    assert ALGORITHMS['recipe'] == RECIPE


@pytest.mark.parametrize('lam', [0.1, 2.0])
@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_without_hopping_every_site_stands_alone(device, algorithm, lam):
    values = observe(device, 16, 0.0, lam, algorithm, replicas=128, draws=100, spacing=2)
    phi2, phi4 = one_site_moments(lam)
    assert_agrees(values[..., [PHI2, PHI4]], np.array([phi2, phi4]), within=0.01)
    assert_agrees(values[..., MAGNETISATION], 0.0, within=0.01, scale=np.sqrt(phi2))


@pytest.mark.parametrize(('algorithm', 'kappa', 'lam', 'precision'), TORI)
def test_two_torus_by_quadrature(device, algorithm, kappa, lam, precision):
    draws, spacing = STEPS.get(algorithm, (400, 1))
    values = observe(device, 2, kappa, lam, algorithm, replicas=2048, draws=draws, spacing=spacing,
                     precision=precision)
    m2, m4, phi2 = two_torus(kappa, lam)
    square = values[..., MAGNETISATION] ** 2
    assert_agrees(np.stack([square, values[..., PHI2]], -1), np.array([m2, phi2]), within=0.006)
    assert_agrees(binder(square), 1 - m4 / (3 * m2**2), within=0.01)


@pytest.mark.parametrize(('kappa', 'lam'), [(0.269, 0.02), (0.3, 0.1), (0.1, 1.0)])
@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_schwinger_dyson_identity(device, algorithm, kappa, lam):
    """<sum_x phi_x dS/dphi_x> = Omega at any kappa and lambda; its parts are H, phi^2 and phi^4."""
    values = observe(device, 16, kappa, lam, algorithm, replicas=128, draws=600, spacing=1)
    quadratic, quartic = 2 * (1 - 2 * lam) * values[..., PHI2], 4 * lam * values[..., PHI4]
    identity = quadratic + quartic - 4 * kappa * values[..., HOPPING]
    assert_agrees(identity, 1.0, within=0.005)
