"""Latents that are read with noise, on free fields, where the best linear code is known exactly.

The power that it gives to each mode is in the docstring of the cost `latent_noise`. No code at all,
however non-linear, loses less than reverse water-filling does at the capacity of the noise (Cover
and Thomas, Elements of Information Theory, 2nd edition, theorem 10.3.3): sum_i min(theta, G_i) with
sum_i log max(1, G_i / theta) = d log(1 + 1 / width^2).
"""

import numpy as np
import pytest
import torch
from scipy.optimize import brentq

from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import water_filling
from phi4hpc.blockspin.surrogate import fields
from phi4hpc.lattice.modes import leading_modes
from phi4hpc.lattice.observable import Ensemble
from tests.autoencoders import cost, free_propagator, model
from tests.training import shared, train

L, LATENT, SITES = 6, 24, 36
PROPAGATOR = free_propagator(L)
MODES = leading_modes(PROPAGATOR, SITES)
"""All of them, in the order of their G."""


def least_of_all_codes(latent, width):
    """Return the loss of a site of reverse water-filling at the capacity of the noise."""
    def excess(level):
        return (np.log(np.maximum(1, MODES.kept_d / level)).sum()
                - latent * np.log(1 + width**-2))

    return np.minimum(brentq(excess, 1e-9, MODES.kept_d[0]), MODES.kept_d).mean()


@pytest.mark.parametrize(('latent', 'width'), [(16, 1.0), (24, 2.0), (30, 0.5)])
def test_no_linear_code_does_better_than_water_filling(latent, width):
    """A minimiser that starts anywhere and knows no modes ends there."""
    cov_DD = torch.from_numpy(MODES.basis_dD.T * MODES.kept_d @ MODES.basis_dD)
    encoder_dD = torch.randn(latent, SITES, dtype=torch.float64,
                             generator=torch.Generator().manual_seed(1)).requires_grad_()
    minimiser = torch.optim.LBFGS([encoder_dD], max_iter=1000, line_search_fn='strong_wolfe')

    def loss():
        minimiser.zero_grad()
        covariant_dD = encoder_dD @ cov_DD
        latent_dd = covariant_dD @ encoder_dD.T
        noise = width**2 * latent_dd.trace() / latent
        read_dd = latent_dd + noise * torch.eye(latent, dtype=torch.float64)
        explained = (torch.linalg.solve(read_dd, covariant_dD) * covariant_dD).sum()
        lost = (cov_DD.trace() - explained) / SITES
        lost.backward()
        return lost

    minimiser.step(loss)
    assert loss().item() == pytest.approx(water_filling(PROPAGATOR, latent, width)[1],
                                         rel=1e-6)


@pytest.mark.parametrize('width', [2.0, pytest.param(1.5, marks=pytest.mark.long)])
def test_training_with_noise_ends_at_water_filling(tmp_path, width):
    """In the loss on fresh fields, and in where the cut-off of the latents lies."""
    phi_nyx = fields(PROPAGATOR, (5,), 0, 22600, np.dtype(np.float32))
    made, costs = model('dense', LATENT, L, hidden=1), [cost('latent_noise', width=width)]
    shares = shared(phi_nyx[:2600], 300, 50)
    _, network = train(tmp_path, made, shares, 0.0, costs, epochs=80, rate=1e-2)
    fresh_nD = torch.from_numpy(phi_nyx[2600:]).flatten(1)
    objective = Objective(costs, Ensemble(L, made.kappa, 0.0))
    loss_n = objective.terms_of_draws(network, fresh_nD)['latent_noise']
    power_d, exact = water_filling(PROPAGATOR, LATENT, width)
    power_D = np.pad(power_d, (0, SITES - LATENT))
    assert loss_n.std() / len(loss_n) ** 0.5 < 0.004 * exact
    assert loss_n.mean() == pytest.approx(exact, rel=0.01)
    assert loss_n.mean() > least_of_all_codes(LATENT, width)
    encoder_dD = network.encoder.linear.weight.detach().double().numpy()
    found_D = MODES.kept_d * ((encoder_dD @ MODES.basis_dD.T) ** 2).sum(0)
    found_D *= LATENT / found_D.sum()
    np.testing.assert_allclose(found_D, power_D, rtol=0.02, atol=0.1)
    assert found_D[power_D == 0].max() < 0.05 < power_D[power_D > 0].min()
