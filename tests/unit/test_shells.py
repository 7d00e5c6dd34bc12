"""Which momenta the square makes equal, and which latent sizes keep all of them or none."""

import numpy as np
import pytest

from phi4hpc.lattice.modes import leading_modes
from phi4hpc.lattice.shells import closed_sizes, neighbours, symmetrised
from tests.autoencoders import free_propagator


def turned(propagator_yx):
    """The propagator seen after a quarter turn: (ky, kx) becomes (kx, -ky)."""
    return np.roll(propagator_yx.T[:, ::-1], 1, axis=1)


@pytest.mark.parametrize('L', [2, 4, 6, 7, 12])
def test_an_averaged_propagator_is_the_same_to_the_bit_however_the_square_is_turned(L):
    noisy_yx = np.random.default_rng(1).uniform(0.5, 2, (L, L))
    mean_yx = symmetrised(noisy_yx)
    np.testing.assert_array_equal(turned(mean_yx), mean_yx)
    np.testing.assert_array_equal(mean_yx.T, mean_yx)
    assert mean_yx.sum() == pytest.approx(noisy_yx.sum(), rel=1e-13)
    np.testing.assert_allclose(symmetrised(mean_yx), mean_yx, rtol=1e-15)


def test_the_average_is_over_all_eight_symmetries():
    noisy_yx = np.random.default_rng(1).uniform(0.5, 2, (6, 6))
    images = [noisy_yx, noisy_yx.T]
    for _ in range(3):
        images += [turned(image_yx) for image_yx in images[-2:]]
    np.testing.assert_allclose(symmetrised(noisy_yx), np.mean(images, axis=0), rtol=1e-14)


def test_closed_shells_begin_as_points_of_the_plane_do_and_end_with_all_modes():
    assert closed_sizes(32)[:13].tolist() == [1, 5, 9, 13, 21, 25, 29, 37, 45, 49, 57, 61, 69]
    assert closed_sizes(4).tolist() == [1, 5, 11, 15, 16]


@pytest.mark.parametrize('d', [5, 13, 23, 27, 36])
def test_modes_of_a_closed_shell_keep_the_symmetry_of_the_square(d):
    """The projection on them commutes with a quarter turn."""
    assert d in closed_sizes(6)
    basis_dyx = leading_modes(free_propagator(6), d).basis_dD.reshape(d, 6, 6)
    basis_dD, turned_dD = (each_dyx.reshape(d, -1) for each_dyx in (
        basis_dyx, np.rot90(basis_dyx, axes=(1, 2))))
    np.testing.assert_allclose(turned_dD.T @ turned_dD, basis_dD.T @ basis_dD, atol=1e-12)


@pytest.mark.parametrize(('d', 'L', 'expected'), [
    (64, 32, [61, 69]), (61, 32, []), (2, 32, [1, 5]), (1, 32, []), (1024, 32, []),
    (1022, 32, [1019, 1023])])
def test_sizes_next_to_one_that_cuts_a_shell(d, L, expected):
    assert neighbours(d, L) == expected
