"""Jacobians of encoder, decoder and observables against finite differences and against autograd."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from phi4hpc.latent import cumulant, observables
from phi4hpc.latent import reconstruct as reconstruction
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian, observable_jacobian
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.momenta import axis_propagator
from tests.autoencoders import moved, network

SIZE, LATENT = 4, 5


@pytest.fixture(scope='module')
def model():
    """A dense model in float64, with no weight left at its start."""
    return moved(network('dense', LATENT, SIZE, hidden=11)).double()


@pytest.fixture(scope='module')
def x_nD():
    return torch.randn(6, SIZE**2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def central_differences(function, at, step=1e-5):
    """d function / d at, one column a component of `at`."""
    shifts = step * torch.eye(len(at), dtype=at.dtype)
    return torch.stack([(function(at + s) - function(at - s)) / (2 * step) for s in shifts], dim=-1)


def test_encoder_and_decoder(model, x_nD):
    with torch.no_grad():
        y_nd = model.encode(x_nD)
        jac_ndD, jac_nDd = encoder_jacobian(model, x_nD), decoder_jacobian(model, y_nd)
    for n in range(len(x_nD)):
        torch.testing.assert_close(jac_ndD[n], jacobian(model.encode, x_nD[n]))
        torch.testing.assert_close(jac_nDd[n], jacobian(model.decode, y_nd[n]))
        torch.testing.assert_close(jac_nDd[n] @ jac_ndD[n], jacobian(model, x_nD[n]))
        torch.testing.assert_close(jac_nDd[n], central_differences(model.decode, y_nd[n]), atol=1e-8, rtol=0)


@pytest.mark.parametrize('observable', [observables.magnetisation, observables.propagator])
def test_observable_after_decoder(model, x_nD, observable):
    with torch.no_grad():
        y_nd = model.encode(x_nD)
        jac_nod = observable_jacobian(observable, model.decode(y_nd), decoder_jacobian(model, y_nd))
    for n in range(len(y_nd)):
        exact = central_differences(lambda y: observable(model.decode(y)), y_nd[n]).reshape(-1, LATENT)
        torch.testing.assert_close(jac_nod[n], exact, atol=1e-8, rtol=1e-8)


def test_binder_gradient_is_that_of_the_ensemble_cumulant(model, x_nD):
    """Each latent of each sample is moved in turn, and the cumulant of all samples measured anew."""
    def binder(y):
        m = observables.magnetisation(model.decode(y.reshape(-1, LATENT)))
        return 1 - m.pow(4).mean() / (3 * m.square().mean() ** 2)

    with torch.no_grad():
        y_nd = model.encode(x_nD)
        exact_nd = len(y_nd) * central_differences(binder, y_nd.flatten()).reshape(-1, LATENT)
        decoded_nD = model.decode(y_nd)
        m_n = observables.magnetisation(decoded_nD)
        jac_nDd = decoder_jacobian(model, y_nd)
        slope_nd = observable_jacobian(observables.magnetisation, decoded_nD, jac_nDd)[:, 0]
    m2, m4 = m_n.square().mean(), m_n.pow(4).mean()
    a, b = cumulant.coefficients(m2, m4)
    torch.testing.assert_close((a * m_n**3 + b * m_n)[:, None] * slope_nd, exact_nd, atol=1e-7, rtol=1e-7)

    gram2_dd, gram4_dd, gram6_dd = (torch.einsum('n,nd,ne->de', m_n.pow(k), slope_nd, slope_nd) / len(m_n)
                                    for k in (2, 4, 6))
    torch.testing.assert_close(cumulant.gram(m2, m4, gram2_dd, gram4_dd, gram6_dd),
                               exact_nd.T @ exact_nd / len(m_n), atol=1e-7, rtol=1e-7)


def test_observables_agree_with_numpy():
    phi_nyx = np.random.default_rng(3).standard_normal((7, 6, 6))
    x_nD = torch.from_numpy(phi_nyx).flatten(1)
    np.testing.assert_allclose(observables.magnetisation(x_nD), phi_nyx.mean((1, 2)), rtol=1e-12)
    np.testing.assert_allclose(observables.propagator(x_nD), axis_propagator(phi_nyx), rtol=1e-12)


@pytest.mark.parametrize('n', [0, 3, 600])
def test_reconstruction_keeps_shape_and_type(model, n, monkeypatch):
    monkeypatch.setattr(reconstruction, 'CHUNK', 512 * SIZE**2)
    phi_nyx = np.random.default_rng(4).standard_normal((n, SIZE, SIZE)).astype(np.float32)
    result_nyx = reconstruct(model, phi_nyx)
    assert (result_nyx.shape, result_nyx.dtype) == (phi_nyx.shape, np.float32)
    expected_nD = model(torch.from_numpy(phi_nyx).double().flatten(1)).detach().numpy()
    np.testing.assert_allclose(result_nyx, expected_nD.reshape(phi_nyx.shape), rtol=1e-5, atol=1e-6)
