"""Hybrid Monte Carlo: the kernel against NumPy, its force, and why it is exact: it can go back,
and keeps volume."""

import shutil

import numpy as np
import pytest

from phi4hpc.device.fields import Fields, pack
from phi4hpc.lattice.action import action, force
from phi4hpc.sampling.algorithms.hmc import INTEGRATORS, STREAM, trajectories
from tests.conftest import ROOT
from tests.reference import unpack
from tests.reference_hmc import hmc_trajectory

KAPPA, LAMBDA = 0.27, 0.5


def normal(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.fixture
def follow(device, kernel_folder):
    """Return a function that follows the kernel's trajectory from given fields and momenta, both
    (r, L, L)."""
    shutil.copy(ROOT / 'tests' / 'data' / 'hmc_follow.cu', kernel_folder)

    def run(phi, p, step, steps, end, drifts):
        fields, momenta = device.array(pack(phi)), device.array(pack(p))
        device.module('hmc_follow', phi.shape[-1], 'float64', STREAM).launch(
            'hmc_follow', len(phi), fields, momenta, np.float64(KAPPA), np.float64(LAMBDA),
            np.float64(step),
            np.int32(steps), np.float64(end), np.int32(drifts))
        return unpack(device.numpy(fields)), unpack(device.numpy(momenta))

    return run


@pytest.mark.parametrize('L', [2, 4, 6, 16, 34])
@pytest.mark.parametrize('integrator', INTEGRATORS)
def test_trajectories_follow_the_reference(device, L, integrator):
    replicas, seed, phi = [3, 8], 11, normal(2, L, L)
    held = Fields(device, L, 'float64', LAMBDA, seed, replicas)
    held.write(phi)
    accepted, gained = trajectories(held, [KAPPA] * 2, [6] * 2, first=5, count=10, length=1.5,
                                    integrator=integrator)
    taken, gains = [], []
    for number in range(5, 15):
        phi, take, gain = hmc_trajectory(phi, KAPPA, LAMBDA, 1.5, 6, integrator, seed, number,
                                         replicas)
        taken.append(take)
        gains.append(gain)
    assert accepted.tolist() == np.sum(taken, 0).tolist()
    np.testing.assert_allclose(held.read(), phi, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(gained, np.transpose(gains), atol=1e-9)


def test_the_force_is_the_slope_of_the_action():
    phi, small = normal(4, 4), 1e-5
    nudge = small * np.eye(16).reshape(16, 4, 4)
    slope = (action(phi + nudge, KAPPA, LAMBDA) - action(phi - nudge, KAPPA, LAMBDA)) / (2 * small)
    np.testing.assert_allclose(force(phi, KAPPA, LAMBDA).ravel(), slope, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize('L', [2, 6, 16])
def test_the_kernel_kicks_by_the_force(follow, L):
    """Without a step there is one kick: by the whole force where it has the length one."""
    phi, p = normal(3, L, L), normal(3, L, L, seed=2)
    still, kicked = follow(phi, p, step=1.0, steps=0, end=1.0, drifts=1)
    assert (still == phi).all()
    np.testing.assert_allclose(kicked, p - force(phi, KAPPA, LAMBDA), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize('integrator', INTEGRATORS)
def test_a_trajectory_turned_round_goes_back(follow, integrator):
    phi, p = normal(3, 16, 16), normal(3, 16, 16, seed=2)
    there, q = follow(phi, p, 0.2, 10, *INTEGRATORS[integrator])
    assert abs(there - phi).mean() > 0.1
    back, minus_p = follow(there, -q, 0.2, 10, *INTEGRATORS[integrator])
    np.testing.assert_allclose(back, phi, atol=1e-11)
    np.testing.assert_allclose(minus_p, -p, atol=1e-11)


@pytest.mark.parametrize('integrator', INTEGRATORS)
def test_a_trajectory_keeps_volume(follow, integrator):
    """The determinant of its Jacobian is one: L = 2, eight coordinates, central differences."""
    point, small = normal(8), 1e-5
    nudged = (point + small * np.concatenate([np.eye(8), -np.eye(8)])).reshape(16, 2, 2, 2)
    ends = follow(nudged[:, 0], nudged[:, 1], 0.2, 10, *INTEGRATORS[integrator])
    moved = np.stack(ends, 1).reshape(2, 8, 8)
    assert np.linalg.det((moved[0] - moved[1]) / (2 * small)) == pytest.approx(1, abs=1e-6)


def test_a_step_that_is_far_too_long_is_turned_down(device):
    """Fields that overflow on the way are no numbers; the old ones come back, to the bit."""
    phi = normal(2, 8, 8).astype('float32')
    held = Fields(device, 8, 'float32', LAMBDA, 1, range(2))
    held.write(phi)
    accepted, _ = trajectories(held, [KAPPA] * 2, [30] * 2, first=0, count=5, length=300.0,
                               integrator='leapfrog')
    assert not accepted.any()
    assert (held.read() == phi).all()
