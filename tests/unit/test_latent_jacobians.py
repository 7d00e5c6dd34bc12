"""Jacobians of encoder and decoder against finite differences and against autograd."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from phi4hpc.latent import reconstruct as reconstruction
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from phi4hpc.latent.reconstruct import reconstruct
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
        torch.testing.assert_close(jac_nDd[n], central_differences(model.decode, y_nd[n]),
                                   atol=1e-8, rtol=0)


@pytest.mark.parametrize('n', [0, 3, 600])
def test_reconstruction_keeps_shape_and_type(model, n, monkeypatch):
    monkeypatch.setattr(reconstruction, 'CHUNK', 512 * SIZE**2)
    phi_nyx = np.random.default_rng(4).standard_normal((n, SIZE, SIZE)).astype(np.float32)
    result_nyx = reconstruct(model, phi_nyx)
    assert (result_nyx.shape, result_nyx.dtype) == (phi_nyx.shape, np.float32)
    expected_nD = model(torch.from_numpy(phi_nyx).double().flatten(1)).detach().numpy()
    np.testing.assert_allclose(result_nyx, expected_nD.reshape(phi_nyx.shape), rtol=1e-5, atol=1e-6)
