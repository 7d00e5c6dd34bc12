"""Which latent sizes keep all of the momenta that the square makes equal, or none."""

import numpy as np
import pytest

from phi4hpc.lattice.modes import leading_modes
from phi4hpc.lattice.orbits import zone_momentum
from phi4hpc.lattice.shells import bands, closed_sizes, neighbours
from tests.autoencoders import free_propagator


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


@pytest.mark.parametrize('L', [2, 4, 6, 8, 32])
def test_bands_are_of_whole_shells_and_hold_half_as_many_momenta_as_all_below(L):
    band_yx, p_hat_yx = bands(L), zone_momentum(L)
    order = np.argsort(p_hat_yx, axis=None)
    assert (np.diff(band_yx.ravel()[order]) >= 0).all()
    upto = np.cumsum(np.bincount(band_yx.ravel()))
    assert upto[0] == 1
    assert (np.diff(upto) > 0).all()
    assert set(upto) <= set(closed_sizes(L))
    # The first shells are too few, and the last band has what is left.
    assert upto[8:-1] / upto[7:-2] == pytest.approx(1.5, abs=0.07)
