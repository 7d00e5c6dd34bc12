"""Orbits of momenta under the eight symmetries of the square."""

import numpy as np

from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.orbits import images, representatives, symmetrised, zone_momentum

L = 8


def test_a_symmetric_function_of_momentum_is_its_own_mean():
    p_hat = zone_momentum(L)
    assert np.allclose(symmetrised(p_hat), p_hat)
    assert np.allclose(p_hat[0, :L // 2 + 1], lattice_momentum(L))


def test_a_momentum_in_general_position_has_eight_images():
    """One entry comes back at (+-1, +-2) and (+-2, +-1), an eighth of it at each."""
    values = np.zeros((L, L))
    values[1, 2] = 8.0
    mean = symmetrised(values)
    assert {(int(y), int(x)) for y, x in np.argwhere(mean)} == {
        (y % L, x % L) for a, b in ((1, 2), (2, 1)) for y in (a, -a) for x in (b, -b)}
    assert np.allclose(mean[mean > 0], 1.0)


def test_the_mean_over_an_orbit_is_that_of_all_images_and_the_same_to_the_bit():
    values = np.random.default_rng(1).uniform(0.5, 2, (L, L))
    mean = symmetrised(values)
    assert np.allclose(mean, images(values).mean(0), rtol=1e-14)
    assert (images(mean) == mean).all()


def test_representatives_hold_every_orbit_once():
    y, x = representatives(L)
    marked = np.zeros((L, L))
    marked[y, x] = 1
    assert len(y) == len({tuple(sorted(pair)) for pair in zip(y, x, strict=True)}) == 15
    assert (images(marked).max(0) == 1).all()
