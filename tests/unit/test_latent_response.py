"""Responses of every observable, after every family: finite differences, and U_L in closed form."""

import numpy as np
import pytest
import torch

from phi4hpc import plugins
from phi4hpc.latent.columns import Jacobians
from phi4hpc.latent.jacobians import decoder_jacobian
from phi4hpc.latent.response import Responses
from phi4hpc.latent.rows import as_fields
from phi4hpc.latent.waves import coordinates, waves
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import FOLDER, Ensemble, load
from tests.autoencoders import moved, network

SIZE, LATENT, SAMPLES = 4, 16, 7
FAMILIES_FOLDER = 'phi4hpc.blockspin.families'
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


def gram_of(model, y_nd, name, *others):
    """Return the Gram matrix of an observable's response to latents, of several together."""
    responses = Responses({each: load(each) for each in (*others, name)}, ENSEMBLE)
    with torch.no_grad():
        x_nD = model.decode(y_nd)
        rows_njd = responses.rows(x_nD) @ decoder_jacobian(model, y_nd)
        of_pairs = responses.of_latents(name, rows_njd) / len(y_nd)
        means_j = responses.moments(x_nD).mean(0)
    return responses.gram_of_latents(name, of_pairs.numpy(), means_j.numpy())


def value_of(observable, model, y_nd):
    """Return the entries of the value over all samples, (a,)."""
    with torch.no_grad():
        draws = Draws.of_fields(as_fields(model.decode(y_nd)))
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
    scale = abs(expected).max()
    np.testing.assert_allclose(gram_of(model, y_nd, name), expected, rtol=1e-6, atol=1e-8 * scale)


def test_response_of_the_binder_cumulant_is_its_closed_form(model, y_nd):
    """N dU/dy_n = c(M_n) dM_n/dy_n, c(M) = -4 M^3 / (3 m2^2) + 4 m4 M / (3 m2^3)."""
    with torch.no_grad():
        m_n, slope_nd = model.decode(y_nd).mean(1), decoder_jacobian(model, y_nd).mean(1)
    m2, m4 = m_n.square().mean(), m_n.pow(4).mean()
    c_n = -4 * m_n**3 / (3 * m2**2) + 4 * m4 * m_n / (3 * m2**3)
    rows_nd = (c_n[:, None] * slope_nd).numpy()
    expected = rows_nd.T @ rows_nd / SAMPLES
    np.testing.assert_allclose(gram_of(model, y_nd, 'binder'), expected, rtol=1e-12,
                               atol=1e-12 * abs(expected).max())


@pytest.mark.parametrize('name', ['binder', 'susceptibility', 'propagator', 'magnetisation'])
def test_observables_that_share_moments_do_not_disturb_each_other(model, y_nd, name):
    others = {'binder', 'susceptibility', 'propagator', 'magnetisation'} - {name}
    np.testing.assert_allclose(gram_of(model, y_nd, name, *others), gram_of(model, y_nd, name),
                               rtol=1e-12)


def test_what_is_not_defined_has_no_response(model, y_nd):
    assert gram_of(model, 1e-9 * y_nd, 'binder') is None


def test_squares_along_waves_are_those_of_the_rows_themselves(y_nd):
    """Added up over all waves they are the square of the row."""
    responses = Responses({name: load(name) for name in ('hopping', 'binder')}, ENSEMBLE)
    rows_njD = responses.rows(y_nd)
    rows_njw = waves(rows_njD)
    for name in ('hopping', 'binder'):
        one, other = responses.pairs(name)
        own_niD = rows_njD[:, responses.columns_of(name)]
        expected_p = (own_niD[:, one] * own_niD[:, other]).sum((0, 2))
        momenta_o = torch.from_numpy(coordinates(SIZE)['momenta'])
        found_p = (responses.of_waves(name, rows_njw) * momenta_o).sum(-1)
        torch.testing.assert_close(found_p, expected_p)


@pytest.mark.parametrize('family', plugins.names(FAMILIES_FOLDER))
def test_rows_of_all_observables_come_back_through_every_family(family):
    """To latents and to the field, against differences of the moments of g(y) and of A(phi)."""
    made = moved(network(family, 5, SIZE), 0.1).double()
    responses = Responses({name: load(name) for name in plugins.names(FOLDER)}, ENSEMBLE)
    x_1D = torch.randn(1, SIZE**2, generator=torch.Generator().manual_seed(4)).double()
    with torch.no_grad():
        y_1d = made.encode(x_1D)
        along = Jacobians(made).at(x_1D, y_1d)
        rows_njd, rows_njw = along.pulled_back(responses.rows(made(x_1D)))
        by_latents = central_differences(lambda y: responses.moments(made.decode(y)), y_1d, 1e-3)
        by_fields = central_differences(lambda x: responses.moments(made(x)), x_1D, 1e-3)
        torch.testing.assert_close(rows_njd, by_latents, rtol=1e-6, atol=1e-8)
        torch.testing.assert_close(rows_njw, waves(by_fields), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize('family', plugins.names(FAMILIES_FOLDER))
def test_overlap_and_value_are_those_of_differences_of_every_family(family):
    """Summed over all shifts of a field by a block, where these are all that a model is looked
    at along."""
    made, L = moved(network(family, 5, SIZE), 0.1).double(), SIZE
    x_nyx = torch.randn(1, L, L, generator=torch.Generator().manual_seed(4)).double()
    x_nD = torch.cat([torch.roll(x_nyx, (2 * y, 2 * x), (1, 2))
                      for y in range(2) for x in range(2)]).flatten(1)
    with torch.no_grad():
        overlap_yx, value_yx = Jacobians(made).at(x_nD, made.encode(x_nD)).sums()
        jac_nDD = torch.cat([central_differences(made, x_D[None], 1e-3) for x_D in x_nD])
    y, x = torch.meshgrid(*[torch.arange(L).double()] * 2, indexing='ij')
    for k_y, k_x in np.ndindex(L, L):
        wave_D = torch.exp(2j * np.pi * (k_y * y + k_x * x) / L).flatten() / L
        there_nD = jac_nDD.to(wave_D.dtype) @ wave_D
        assert overlap_yx[k_y, k_x] == pytest.approx(
            float((there_nD @ wave_D.conj()).real.sum()), abs=1e-7)
        assert value_yx[k_y, k_x] == pytest.approx(float(there_nD.abs().square().sum()), abs=1e-7)
