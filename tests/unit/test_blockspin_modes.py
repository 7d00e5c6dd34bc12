"""The linear optimum: what the best linear autoencoder keeps, and the loss it cannot avoid."""

import itertools

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.lattice.modes import leading_modes, mode_propagator

KAPPA = 0.22


def free_propagator(size, kappa=KAPPA):
    """G(p) = 1 / (2 (1 - 2 kappa sum_mu cos p_mu)) of the theory without interaction."""
    cosine = np.cos(2 * np.pi * np.arange(size) / size)
    return 1 / (2 * (1 - 2 * kappa * (cosine[:, None] + cosine)))


def free_field(rng, n, size):
    """Gaussian configurations whose propagator is exactly `free_propagator`."""
    noise = np.fft.fft2(rng.standard_normal((n, size, size)))
    return np.fft.ifft2(noise * np.sqrt(free_propagator(size))).real


def loss(basis_dD, phi_nyx):
    """Squared error of projecting on the rows of `basis_dD`, summed over sites, for each
    configuration.
    """
    x_nD = phi_nyx.reshape(len(phi_nyx), -1)
    return ((x_nD - x_nD @ basis_dD.T @ basis_dD) ** 2).sum(axis=1)


def every_translation(phi_nyx):
    shifts = itertools.product(range(phi_nyx.shape[-1]), repeat=2)
    return np.concatenate([np.roll(phi_nyx, shift, axis=(1, 2)) for shift in shifts])


@pytest.mark.parametrize('size', [2, 4, 6])
def test_modes_are_an_orthonormal_basis(size):
    modes = leading_modes(free_propagator(size), size**2)
    np.testing.assert_allclose(modes.basis_dD @ modes.basis_dD.T, np.eye(size**2), atol=1e-13)
    assert modes.dropped == 0


@pytest.mark.parametrize('d', [1, 2, 7, 20])
def test_loss_is_the_sum_of_dropped_propagators_on_the_data_itself(d):
    phi_nyx = every_translation(np.random.default_rng(1).standard_normal((3, 6, 6)) ** 3)
    modes = leading_modes(mode_propagator(phi_nyx), d)
    np.testing.assert_allclose(loss(modes.basis_dD, phi_nyx).mean(), modes.dropped, rtol=1e-10)


@pytest.mark.parametrize('d', [1, 6, 17])
def test_no_linear_autoencoder_does_better(d):
    phi_nyx = every_translation(np.random.default_rng(2).standard_normal((3, 6, 6)) ** 3)
    x_nD = phi_nyx.reshape(len(phi_nyx), -1)
    smallest_first = np.linalg.eigvalsh(x_nD.T @ x_nD / len(x_nD))
    dropped = leading_modes(mode_propagator(phi_nyx), d).dropped
    np.testing.assert_allclose(dropped, smallest_first[:-d].sum())


@pytest.mark.parametrize('d', [1, 5, 30])
def test_loss_on_a_free_field_is_that_of_the_exact_propagator(d):
    modes = leading_modes(free_propagator(8), d)
    loss_n = loss(modes.basis_dD, free_field(np.random.default_rng(3), 4000, 8))
    assert abs(loss_n.mean() - modes.dropped) < 4 * loss_n.std() / np.sqrt(len(loss_n))


def test_measured_propagator_of_a_free_field():
    exact_yx = free_propagator(8)
    measured_yx = mode_propagator(free_field(np.random.default_rng(4), 4000, 8))
    # a complex mode's |phi~|^2 has a standard deviation equal to its mean, a real one's sqrt(2)
    # times that
    assert (abs(measured_yx / exact_yx - 1) < 5 * np.sqrt(2 / 4000)).all()


def test_rounding_does_not_choose_among_equal_modes():
    rng = np.random.default_rng(5)
    exact_yx = free_propagator(8)
    basis_dD = leading_modes(exact_yx, 4).basis_dD
    for _ in range(5):
        jittered_yx = exact_yx * (1 + 1e-15 * rng.standard_normal((8, 8)))
        np.testing.assert_array_equal(leading_modes(jittered_yx, 4).basis_dD, basis_dD)


def test_models_learn_from_a_propagator_with_the_symmetries_of_the_square():
    """Also where draws are few, whose own propagator does not have them."""
    phi_nyx = np.random.default_rng(6).standard_normal((3, 6, 6))
    found_yx, own_yx = common_propagator(MPI.COMM_SELF, phi_nyx), mode_propagator(phi_nyx)
    np.testing.assert_array_equal(found_yx, found_yx.T)
    assert not np.allclose(own_yx, own_yx.T)
    assert found_yx.sum() == pytest.approx(own_yx.sum())
