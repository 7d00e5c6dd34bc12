"""The Metropolis kernel against integrals: one site, the L = 2 torus, the Schwinger-Dyson identity."""

import numpy as np
import pytest

from phi4hpc.lattice.exact import one_site_moments, two_torus
from tests.simulate import assert_agrees, densities, observe

MAGNETISATION, HOPPING, PHI2, PHI4 = range(4)


@pytest.mark.parametrize('lam', [0.02, 0.5, 2.0])
def test_without_hopping_every_site_stands_alone(device, lam):
    values = observe(device, 16, 0.0, lam, observable=densities, replicas=32, draws=400, spacing=2)
    assert_agrees(values[..., [PHI2, PHI4]], np.array(one_site_moments(lam)), within=0.01)


@pytest.mark.parametrize(('kappa', 'lam', 'precision'), [
    (0.26, 0.02, 'float32'), (0.26, 0.02, 'float64'), (0.3, 0.1, 'float32'), (0.3, 1.0, 'float32')])
def test_two_torus_by_quadrature(device, kappa, lam, precision):
    values = observe(device, 2, kappa, lam, observable=densities, replicas=1024, draws=1600, spacing=8,
                     precision=precision)
    m2, m4, phi2 = two_torus(kappa, lam)
    square = values[..., MAGNETISATION] ** 2
    assert_agrees(np.stack([square, values[..., PHI2]], -1), np.array([m2, phi2]), within=0.005)
    assert_agrees(binder_by_group(square), 1 - m4 / (3 * m2**2), within=0.005)


def binder_by_group(square_nr, groups=32):
    """Return U_L of each of 32 groups of replicas, (1, group): enough draws in each that its bias does not matter."""
    square = square_nr.reshape(len(square_nr), groups, -1)
    return (1 - (square**2).mean((0, 2)) / (3 * square.mean((0, 2)) ** 2))[None]


@pytest.mark.parametrize(('kappa', 'lam'), [(0.22, 0.0), (0.269, 0.02), (0.3, 0.5)])
def test_schwinger_dyson_identity(device, kappa, lam):
    """<sum_x phi_x dS/dphi_x> = Omega whatever kappa and lambda; its parts are H, phi^2 and phi^4."""
    values = observe(device, 16, kappa, lam, observable=densities, replicas=64, draws=1000, spacing=5)
    identity = -4 * kappa * values[..., HOPPING] + 2 * (1 - 2 * lam) * values[..., PHI2] + 4 * lam * values[..., PHI4]
    assert_agrees(identity, 1.0, within=0.005)


@pytest.mark.parametrize(('file', 'constant', 'broken'), [
    ('metropolis.cu', '2 * kappas[r]', '2.02 * kappas[r]'),
    ('action.cuh', 'excess * excess', '0.99f * excess * excess'),
    ('metropolis.cu', '2 * uniform(propose[hit], phi) - 1', '2.02f * uniform(propose[hit], phi) - 1'),
    ('metropolis.cu', 'now < then ? now - then : 0', 'now < then ? (real)0.99 * (now - then) : 0'),
])
def test_a_kernel_that_is_wrong_by_a_percent_is_found_out(device, kernel_folder, file, constant, broken):
    source = kernel_folder / file
    text = source.read_text()
    assert text.count(constant) == 1
    source.write_text(text.replace(constant, broken))
    with pytest.raises(AssertionError, match='z = '):
        test_schwinger_dyson_identity(device, 0.3, 0.5)
