"""lambda = 0 is Gaussian: G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) for every momentum."""

import numpy as np
import pytest

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.exact import free_propagator
from tests.simulate import ALGORITHMS, assert_agrees, observe

L = 8
SPACING = {'metropolis': 16, 'cluster': 8, 'leapfrog': 5, 'omelyan': 5}


def on_the_axes(held):
    return Draws.of_fields(held.fields.read()).axis_propagator


def everywhere(held):
    return np.abs(np.fft.fft2(held.fields.read())) ** 2 / L**2


@pytest.mark.parametrize('algorithm', ALGORITHMS)
def test_propagator_along_the_axes(device, algorithm):
    values = observe(device, L, 0.23, 0.0, algorithm, observable=on_the_axes,
                     replicas=256, draws=300, spacing=SPACING.get(algorithm, 2), width=1.6)
    exact = free_propagator(0.23, (2 * np.pi * np.arange(L // 2 + 1) / L, 0.0))
    assert_agrees(values, exact, within=0.03)


def test_propagator_at_every_momentum(device):
    values = observe(device, L, 0.23, 0.0, 'recipe', observable=everywhere, replicas=256,
                     draws=300, spacing=1, width=1.6)
    p = 2 * np.pi * np.arange(L) / L
    assert_agrees(values, free_propagator(0.23, np.meshgrid(p, p)), within=0.04, limit=4.5)
