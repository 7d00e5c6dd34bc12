"""Responses of every observable to latents: against finite differences, and U_L in closed form."""

import numpy as np
import pytest
import torch

from phi4hpc import plugins
from phi4hpc.latent.jacobians import decoder_jacobian, fields
from phi4hpc.latent.response import Responses
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import FOLDER, Ensemble, load
from tests.autoencoders import moved, network

SIZE, LATENT, SAMPLES = 4, 16, 7
ENSEMBLE = Ensemble(SIZE, 0.26, 0.02)


@pytest.fixture(scope='module')
def model():
    """Return a dense model in float64 that passes all waves, with no weight left at its start."""
    return moved(network('dense', LATENT, SIZE, hidden=11), 0.1).double()


@pytest.fixture(scope='module')
def y_nd():
    """Return latents that are the larger, the longer their waves, so that all is defined."""
    generator = torch.Generator().manual_seed(2)
    y_nd = torch.randn(SAMPLES, LATENT, dtype=torch.float64, generator=generator)
    return y_nd * torch.linspace(4, 0.5, LATENT)


def response(model, y_nd, *names):
    """Return the Responses to the latents of some observables, and the sums they are made of."""
    responses = Responses({name: load(name) for name in names}, ENSEMBLE)
    sums = {name: torch.zeros(shape, dtype=torch.float64)
            for name, shape in responses.sums(LATENT).items()}
    with torch.no_grad():
        responses.add(sums, model.decode(y_nd), decoder_jacobian(model, y_nd))
    return responses, {'count': len(y_nd)} | {name: s.numpy() for name, s in sums.items()}


def value_of(observable, model, y_nd):
    """Return the entries of the value over all samples, (a,)."""
    with torch.no_grad():
        draws = Draws.of_fields(fields(model.decode(y_nd)))
        means = {key: tensor.mean(0) for key, tensor in observable.moments(draws).items()}
        value = observable.value(means, ENSEMBLE)
    return torch.stack(value) if isinstance(value, list) else torch.atleast_1d(value)


def central_differences(function, at, step=1e-4):
    """Return d function / d at by differences of fourth order, one column a component of `at`."""
    def column(shift):
        near, far = (function(at + k * shift) - function(at - k * shift) for k in (1, 2))
        return (8 * near - far) / (12 * step)

    shifts = step * torch.eye(at.numel(), dtype=at.dtype).reshape(-1, *at.shape)
    return torch.stack([column(shift) for shift in shifts], dim=-1)


@pytest.mark.parametrize('name', plugins.names(FOLDER))
def test_response_is_that_of_the_value_of_all_samples(model, y_nd, name):
    """Each latent of each sample is moved in turn, and the value of all samples taken anew."""
    jac_and = SAMPLES * central_differences(lambda y: value_of(load(name), model, y), y_nd).reshape(
        -1, SAMPLES, LATENT).numpy()
    assert len(jac_and) > 0
    expected = np.einsum('and,ane->de', jac_and, jac_and) / SAMPLES
    responses, sums = response(model, y_nd, name)
    scale = abs(expected).max()
    np.testing.assert_allclose(responses.gram(name, sums), expected, rtol=1e-6, atol=1e-8 * scale)


def test_response_of_the_binder_cumulant_is_its_closed_form(model, y_nd):
    """N dU/dy_n = c(M_n) dM_n/dy_n, c(M) = -4 M^3 / (3 m2^2) + 4 m4 M / (3 m2^3)."""
    with torch.no_grad():
        m_n, slope_nd = model.decode(y_nd).mean(1), decoder_jacobian(model, y_nd).mean(1)
    m2, m4 = m_n.square().mean(), m_n.pow(4).mean()
    c_n = -4 * m_n**3 / (3 * m2**2) + 4 * m4 * m_n / (3 * m2**3)
    rows_nd = (c_n[:, None] * slope_nd).numpy()
    responses, sums = response(model, y_nd, 'binder')
    expected = rows_nd.T @ rows_nd / SAMPLES
    np.testing.assert_allclose(responses.gram('binder', sums), expected, rtol=1e-12,
                               atol=1e-12 * abs(expected).max())


def test_observables_that_share_moments_do_not_disturb_each_other(model, y_nd):
    names = 'binder', 'susceptibility', 'propagator', 'magnetisation'
    together, sums = response(model, y_nd, *names)
    for name in names:
        alone, own = response(model, y_nd, name)
        np.testing.assert_allclose(together.gram(name, sums), alone.gram(name, own), rtol=1e-12)


def test_what_is_not_defined_has_no_response(model, y_nd):
    responses, sums = response(model, 1e-9 * y_nd, 'binder')
    assert responses.gram('binder', sums) is None
