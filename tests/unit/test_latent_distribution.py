"""The density of the field at a site, before and after a model."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.latent import distribution
from tests.autoencoders import network

SIZE = 8


def analysed(latent, phi_nyx):
    return distribution.analyse(MPI.COMM_SELF, network('fourier', latent, SIZE), phi_nyx, 0,
                                len(phi_nyx))


def test_densities_are_even_and_normalised_and_those_of_a_gaussian():
    found = analysed(SIZE**2, np.random.default_rng(1).standard_normal((400, SIZE, SIZE)))
    width = found['phi'][1] - found['phi'][0]
    assert found['before'].sum() * width == pytest.approx(1, abs=1e-3)
    np.testing.assert_array_equal(found['before'], found['before'][::-1])
    expected = np.exp(-found['phi'] ** 2 / 2) / np.sqrt(2 * np.pi)
    own = found['before_error'] > 0
    pulls = (found['before'] - expected)[own] / found['before_error'][own]
    assert 0.5 < np.sqrt((pulls**2).mean()) < 2
    np.testing.assert_allclose(found['after'], found['before'], atol=1e-3)


def test_what_is_lost_leaves_a_narrower_distribution():
    found = analysed(1, np.random.default_rng(1).standard_normal((400, SIZE, SIZE)))
    variance = {side: (found[side] * found['phi'] ** 2).sum() / found[side].sum()
                for side in ('before', 'after')}
    assert variance['after'] < 0.1 * variance['before']


def test_fields_that_vanish_have_no_density():
    assert analysed(1, np.zeros((4, SIZE, SIZE))) == {}
