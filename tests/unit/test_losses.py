"""Losses along the ladder: of a model and of the linear optimum, draw by draw."""

import numpy as np
import pytest

from phi4hpc.latent import losses
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.modes import leading_modes, mode_propagator
from phi4hpc.lattice.observable import Ensemble, chosen, moments
from phi4hpc.lattice.orbits import numbered, symmetrised
from phi4hpc.stages.reconstructions import entry_of

L, DRAWS = 6, 40


def fields():
    """Return fields (n, y, x) whose long waves are the larger ones."""
    noise_nyx = np.random.default_rng(1).normal(size=(DRAWS, L, L))
    return noise_nyx + np.roll(noise_nyx, 1, 1) + np.roll(noise_nyx, 1, 2) + noise_nyx.mean()


def of_optimum(phi_nyx, latent):
    """Return the loss of the linear optimum of these draws for each of them."""
    return losses.of_optimum(phi_nyx, losses.lost(losses.orbit_powers(phi_nyx), L, latent))


def test_orbits_share_out_the_mean_square_of_a_site():
    phi_nyx = fields()
    assert losses.orbit_powers(phi_nyx).sum() == pytest.approx((phi_nyx**2).mean((1, 2)).sum())


@pytest.mark.parametrize('size', [5, 6])
def test_an_orbit_has_the_power_of_all_its_momenta(size):
    phi_nyx = np.random.default_rng(1).normal(size=(3, size, size))
    power_yx = mode_propagator(phi_nyx) * len(phi_nyx) / size**2
    assert losses.orbit_powers(phi_nyx) == pytest.approx(
        np.bincount(numbered(size).ravel(), power_yx.ravel()))


@pytest.mark.parametrize('latent', [1, 4, 5, 20, L**2])
def test_the_optimum_loses_the_least_modes_of_the_symmetrised_propagator(latent):
    phi_nyx = fields()
    dropped = leading_modes(symmetrised(mode_propagator(phi_nyx)), latent).dropped
    assert of_optimum(phi_nyx, latent).mean() == pytest.approx(dropped / L**2)


def test_a_model_that_keeps_the_modes_of_a_closed_shell_is_the_optimum():
    """Draw by draw, so that the ratio is 1 and has no error."""
    phi_nyx = fields()
    basis_dD = leading_modes(symmetrised(mode_propagator(phi_nyx)), 5).basis_dD
    x_nD = phi_nyx.reshape(DRAWS, -1)
    mapped_nyx = (x_nD @ basis_dD.T @ basis_dD).reshape(phi_nyx.shape)
    found = losses.compared(losses.of_model(phi_nyx, mapped_nyx)[None],
                            of_optimum(phi_nyx, 5)[None])
    assert found['ratio']['value'] == pytest.approx(1)
    assert found['ratio']['error'] < 1e-12
    assert found['loss']['value'] == pytest.approx(found['linear_optimum']['value'])


def test_nothing_is_said_where_nothing_is_lost():
    found = losses.compared(np.zeros((1, DRAWS)), of_optimum(fields(), L**2)[None])
    assert found['ratio'] is None


def test_a_model_with_as_many_latents_as_sites_has_an_entry_without_a_ratio():
    phi_nyx, observables = fields(), chosen('reconstructions')
    seen = {name: array[None]
            for name, array in moments(observables, Draws.of_fields(phi_nyx)).items()}
    entry = entry_of(observables, {'before': seen, 'after': seen, 'lost': {
        'loss_cn': np.zeros((1, DRAWS)), 'optimum_cn': of_optimum(phi_nyx, L**2)[None]}},
        Ensemble(L, 0.27, 0.02))
    assert entry['ratio'] is None
    assert entry['loss']['value'] == 0
