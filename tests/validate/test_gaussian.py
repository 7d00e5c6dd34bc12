"""lambda = 0 is Gaussian: G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) for every momentum."""

import numpy as np
import pytest

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.observables import axis_propagator, propagator
from tests.simulate import assert_agrees, observe

L = 8


@pytest.mark.parametrize(('kappa', 'spacing', 'draws'), [(0.05, 2, 3000), (0.15, 3, 4000), (0.23, 12, 4000)])
def test_propagator_along_the_axes(device, kappa, spacing, draws):
    values = observe(device, L, kappa, 0.0, observable=lambda fields: axis_propagator(fields.read()),
                     replicas=64, draws=draws, spacing=spacing, width=1.6)
    exact = free_propagator(kappa, (2 * np.pi * np.arange(L // 2 + 1) / L, 0.0))
    assert_agrees(values, exact, within=0.02)


def test_propagator_at_every_momentum_in_double_precision(device):
    values = observe(device, L, 0.2, 0.0, observable=lambda fields: propagator(fields.read()),
                     replicas=64, draws=3000, spacing=5, width=1.6, precision='float64')
    p = 2 * np.pi * np.arange(L) / L
    assert_agrees(values, free_propagator(0.2, np.meshgrid(p, p)), within=0.03, limit=4.5)
