"""What the energy that a trajectory of hybrid Monte Carlo gains must obey; reversibility is in
unit/test_hmc.py."""

import numpy as np
import pytest

from phi4hpc.sampling.algorithms import hmc
from tests.simulate import LENGTH, assert_agrees, start


def trajectories(device, L, kappa, lam, integrator, steps, *, replicas, count):
    """Return (accepted (r,), energy gained (trajectory, replica)) of trajectories in equilibrium.
    """
    fields = start(device, L, lam, integrator, replicas, 'float32').fields
    kappas, steps = np.full(replicas, kappa), np.full(replicas, steps)
    for first, number in ((0, count // 4), (count // 4, count)):
        accepted, gained = hmc.trajectories(fields, kappas, steps, first, number, LENGTH,
                                            integrator)
    return accepted, gained.T


@pytest.mark.parametrize(('integrator', 'steps'), [('leapfrog', 6), ('omelyan', 2)])
def test_the_mean_of_the_exponential_of_energy_lost_is_one(device, integrator, steps):
    """<exp(-dH)> = 1 where a trajectory keeps volume, can go back, and begins in equilibrium."""
    _, gained = trajectories(device, 16, 0.269, 0.02, integrator, steps, replicas=128, count=300)
    assert abs(gained).mean() > 0.1
    assert_agrees(np.exp(-gained), 1.0, within=0.02)


@pytest.mark.parametrize(('integrator', 'steps'), [('leapfrog', 2), ('omelyan', 1)])
def test_trajectories_are_accepted_as_often_as_their_energies_say(device, integrator, steps):
    accepted, gained = trajectories(device, 2, 0.3, 0.1, integrator, steps, replicas=2048,
                                    count=1000)
    expected = np.minimum(1, np.exp(-gained)).mean(0)
    assert 0.2 < expected.mean() < 0.8
    assert_agrees(1 + (accepted / len(gained) - expected)[None], 1.0, within=0.002)


@pytest.mark.parametrize('integrator', hmc.INTEGRATORS)
def test_the_energy_that_is_gained_falls_with_the_square_of_the_step(device, integrator):
    """The same trajectories, followed in steps of half the length."""
    held, kappas, gained = start(device, 8, 0.5, integrator, 64, 'float64'), np.full(64, 0.3), {}
    hmc.trajectories(held.fields, kappas, np.full(64, 20), 0, 30, LENGTH, integrator)
    phi = held.fields.read().copy()
    for steps in (20, 40, 80):
        held.fields.write(phi)
        gained[steps] = hmc.trajectories(held.fields, kappas, np.full(64, steps), 30, 1, LENGTH,
                                         integrator)[1]
    ratios = [np.sqrt((gained[n]**2).mean() / (gained[2 * n]**2).mean()) for n in (20, 40)]
    np.testing.assert_allclose(ratios, 4, rtol=0.02)
