"""Jacobians of encoder and decoder against finite differences and against autograd."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from phi4hpc import plugins
from phi4hpc.latent import reconstruct as reconstruction
from phi4hpc.latent import singular
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian, shifts
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.singular import of_one_sample
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


@pytest.mark.parametrize('family', plugins.names('phi4hpc.blockspin.families'))
def test_both_sides_of_every_family(family):
    made = moved(network(family, LATENT, SIZE), 0.1).double()
    x_1D = torch.randn(1, SIZE**2, generator=torch.Generator().manual_seed(3)).double()
    with torch.no_grad():
        y_1d = made.encode(x_1D)
        for function, found, at in ((made.encode, encoder_jacobian(made, x_1D), x_1D),
                                    (made.decode, decoder_jacobian(made, y_1d), y_1d)):
            expected = central_differences(lambda z, f=function: f(z[None])[0], at[0])
            torch.testing.assert_close(found[0], expected, rtol=1e-6, atol=1e-8)


def test_one_sample_has_its_small_singular_values_to_the_rounding_of_the_largest():
    """As the product itself has in float64; a Gram matrix would lose all below 1e-8."""
    rng = np.random.default_rng(1)
    left, right = (np.linalg.qr(rng.normal(size=(40, 12)))[0] for _ in range(2))
    mixed = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    expected = 10.0 ** -np.arange(12)
    jac_Dd, jac_dD = left * np.sqrt(expected), np.sqrt(expected)[:, None] * right.T
    jac_Dd, jac_dD = jac_Dd @ mixed, mixed.T @ jac_dD
    found = of_one_sample(torch.from_numpy(jac_Dd), torch.from_numpy(jac_dD)).numpy()
    np.testing.assert_allclose(found, expected, atol=3e-15)
    np.testing.assert_allclose(found, np.linalg.svd(jac_Dd @ jac_dD)[1][:12], atol=3e-15)


@pytest.fixture
def stack():
    """Return a Jacobian (36, 5) in latents of unit covariance, whose least value is rounding, and
    the symmetric root of a covariance of latents."""
    rng = np.random.default_rng(2)
    left, right = (np.linalg.qr(rng.normal(size=(size, 5)))[0] for size in (36, 5))
    root_dd = singular.root(np.cov(rng.normal(size=(5, 50))))
    return left * [3, 1, 0.5, 1e-4, 1e-9] @ right.T, root_dd


def test_spectra_are_in_units_in_which_latents_have_unit_covariance(stack):
    unit_Dd, root_dd = stack
    np.testing.assert_allclose(root_dd, root_dd.T)
    jac_Dd = unit_Dd @ np.linalg.inv(root_dd)
    value_d, direction_rd = singular.spectrum(jac_Dd.T @ jac_Dd, root_dd)
    _, expected_d, expected_dd = np.linalg.svd(unit_Dd)
    np.testing.assert_allclose(value_d, expected_d, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(abs(direction_rd @ expected_dd.T), np.eye(5)[:4], atol=1e-4)


def test_a_direction_and_its_picture_have_one_sign_that_does_not_hang_on_rounding(stack):
    jac_Dd, _ = stack
    given_rd = np.linalg.svd(jac_Dd)[2][:3]
    for sign in (1, -1):
        direction_rd, image_ryx = singular.decoded(jac_Dd, sign * given_rd)
        seen_rD = direction_rd @ jac_Dd.T
        np.testing.assert_allclose(image_ryx.reshape(3, -1), seen_rD / np.linalg.norm(
            seen_rD, axis=1, keepdims=True), atol=1e-12)
        assert (image_ryx.max((1, 2)) == abs(image_ryx).max((1, 2))).all()
        np.testing.assert_allclose(singular.powers(image_ryx).sum((1, 2)), 1)
    alike_Dd = np.array([[-1 + 1e-10], [1.0], [0.5], [0.0]])
    assert singular.decoded(alike_Dd, np.ones((1, 1)))[1][0, 0, 0] > 0


@pytest.mark.parametrize('side', ['encoder', 'decoder'])
def test_one_block_that_differs_by_a_percent_is_seen_not_to_shift(side):
    made = network('kadanoff', L=8, block=2).double().requires_grad_(False)
    assert shifts(made)
    getattr(made, side).weight[0] *= 1.01
    assert not shifts(made)


@pytest.mark.parametrize('n', [0, 3, 600])
def test_reconstruction_keeps_shape_and_type(model, n, monkeypatch):
    monkeypatch.setattr(reconstruction, 'CHUNK', 512 * SIZE**2)
    phi_nyx = np.random.default_rng(4).standard_normal((n, SIZE, SIZE)).astype(np.float32)
    result_nyx = reconstruct(model, phi_nyx)
    assert (result_nyx.shape, result_nyx.dtype) == (phi_nyx.shape, np.float32)
    expected_nD = model(torch.from_numpy(phi_nyx).double().flatten(1)).detach().numpy()
    np.testing.assert_allclose(result_nyx, expected_nD.reshape(phi_nyx.shape), rtol=1e-5, atol=1e-6)
