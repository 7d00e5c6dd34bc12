"""Singular values that symmetry makes equal are pooled, with an error that covers."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.latent.analysis import analyse
from phi4hpc.latent.multiplets import agree, multiplets, pooled_values
from phi4hpc.lattice.observable import Ensemble, load
from tests.autoencoders import free_propagator, network

L, LATENT, KAPPA = 6, 5, 0.24     # the constant mode, and the four waves of the smallest momentum
OBSERVABLES = {'propagator': load('propagator')}


def free_fields(n, seed):
    """Return fields (n, y, x) that are normal with the propagator of the free theory."""
    noise = np.random.default_rng(seed).normal(size=(n, L, L))
    return np.fft.ifft2(np.fft.fft2(noise) * np.sqrt(free_propagator(L, KAPPA))).real


def waves(*momenta):
    """Return unit images of the cosine and the sine of each momentum (n_y, n_x)."""
    y, x = np.mgrid[:L, :L]
    images = [wave(2 * np.pi * (n_y * y + n_x * x) / L) for n_y, n_x in momenta
              for wave in (np.cos, np.sin)]
    return np.array([image / np.linalg.norm(image) for image in images])


def test_the_four_waves_along_the_axes_have_one_value_with_an_error_that_covers():
    """Each adds <y^2> / 4 = G(p) / 4 to the propagator's Gram matrix, with a linear decoder."""
    model, exact = network('fourier', LATENT, L), np.sqrt(free_propagator(L, KAPPA)[0, 1]) / 2
    pulls = []
    for seed in range(60):
        phi_nyx = free_fields(96, seed)
        result = analyse(MPI.COMM_SELF, model, phi_nyx, 0, len(phi_nyx), 3, OBSERVABLES,
                         Ensemble(L, KAPPA, 0.0))['propagator']
        value, error = result['singular_values'][1:], result['singular_values_error'][1:]
        assert (np.diff(value) < 1e-12).all()
        if np.ptp(value) < 1e-12:
            pulls.append((value[0] - exact) / error[0])
            assert np.ptp(error) < 1e-12
    assert len(pulls) > 50                              # all but those that scatter the most
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1, abs=0.3)
    assert np.mean(pulls) == pytest.approx(0, abs=0.4)


def test_waves_of_an_orbit_make_a_multiplet_and_mixtures_of_orbits_none():
    along, across, other = waves((0, 1)), waves((1, 0)), waves((1, 1))
    images = np.stack([along[0], other[0], across[1], along[1], across[0]])
    assert [found.tolist() for found in multiplets(images)] == [[0, 2, 3, 4]]
    mixed = (along[0] + other[0] + waves((0, 2))[0]) / np.sqrt(3)
    assert multiplets(np.stack([mixed, mixed])) == []
    assert multiplets(np.empty((0, L, L))) == []


@pytest.mark.parametrize(('gram', 'error', 'equal'), [
    ([[1.0, 0.0], [0.0, 1.3]], 0.15, True),
    ([[1.0, 0.0], [0.0, 1.3]], 0.05, False),
    ([[1.0, 0.3], [0.3, 1.0]], 0.05, False),
    ([[1.0, 0.0], [0.0, 1.0]], 0.0, True),
    ([[1.0, 0.0], [0.0, np.nan]], np.nan, False),
])
def test_values_are_equal_where_they_differ_by_no_more_than_they_scatter(gram, error, equal):
    assert agree(np.array(gram), np.full((2, 2), error)) == equal


def test_pooled_values_keep_their_places_and_their_sum_of_squares():
    gram = np.diag([9.0, 4.0, 2.0, 1.0])
    values = pooled_values(gram, np.eye(4), [np.array([1, 2])])
    assert values == pytest.approx([3, np.sqrt(3), np.sqrt(3), 1])


def test_values_come_by_size_also_where_multiplets_are_interleaved():
    """Two axes and the diagonals, with values so close that few samples mix up their order."""
    model = network('fourier', 9, L)
    for seed in range(20):
        phi_nyx = np.random.default_rng(seed).normal(size=(48, L, L))
        result = analyse(MPI.COMM_SELF, model, phi_nyx, 0, len(phi_nyx), 9,
                         {'hopping': load('hopping')}, Ensemble(L, KAPPA, 0.0))['hopping']
        assert (np.diff(result['singular_values']) <= 0).all()
        images = result['lattice_directions']
        assert len(images) == 9
        assert np.linalg.norm(images, axis=(1, 2)) == pytest.approx(np.ones(9))
