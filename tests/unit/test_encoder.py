"""What an encoder has learned, held against encoders made of known operators."""

import copy

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI
from torch import nn

from phi4hpc.latent import encoder, latentfile, metric
from phi4hpc.latent.learned import NAMES
from tests.autoencoders import Applied, free_propagator, moved, network

SIZE, LATENT, KAPPA = 8, 13, 0.15
MODELS = {'dense': {'latent': LATENT, 'hidden': 20}, 'convolutional': {'block': 2, 'channels': 1}}


def draws(n, seed):
    """Gaussian fields of the free propagator, (n, y, x)."""
    noise_nyx = np.random.default_rng(seed).standard_normal((n, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(SIZE, KAPPA))).real


def begun(family):
    return network(family, L=SIZE, **MODELS[family]).double()


def judged(model):
    learn, test = draws(400, 1), draws(300, 2)
    directions = metric.analyse(MPI.COMM_SELF, model, test, 0, len(test))
    return encoder.analyse(MPI.COMM_SELF, model, directions, [learn], [learn[:64]], test, 0,
                           len(test))


def seeing(family, function):
    """Return a model whose encoder sees a function of the field, and is linear in that."""
    model = begun(family)
    model.encoder = nn.Sequential(Applied(function), model.encoder)
    return model


@pytest.mark.parametrize('family', MODELS)
def test_an_encoder_at_its_first_weights_has_learned_nothing(family):
    found = judged(begun(family))
    assert all(np.isnan(found[name]) for name in NAMES)


@pytest.mark.parametrize(('family', 'least'), [('dense', 0.9), ('convolutional', 0.7)])
def test_an_encoder_that_sees_cubes_has_learned_them(family, least):
    """What 64 Jacobians leave of the linear part takes 5% off. At the boundary of the zone blocks
    take waves for one another.
    """
    found = judged(seeing(family, lambda x_nD: x_nD + 0.1 * x_nD**3))
    assert found['site'] > least
    assert found['together'] > least
    assert abs(found['parity']) < 0.02
    assert abs(found['random']) < 0.02


@pytest.mark.parametrize('family', MODELS)
def test_no_cubic_operator_sees_fine_digits(family):
    """A wave of each field's last digits is odd and known, and no polynomial of low order."""
    found = judged(seeing(family, lambda x_nD: x_nD + 0.3 * torch.sin(20 * x_nD)))
    assert found['nonlinear'] > 0.02
    assert found['together'] < 0.05


@pytest.mark.parametrize('family', MODELS)
def test_the_part_of_the_variance_that_is_not_linear_is_that_of_normal_fields(family):
    """Of phi + a phi^3 the best linear prediction is (1 + 3 a <phi^2>) phi."""
    strength, test = 0.1, draws(300, 2)
    found = judged(seeing(family, lambda x_nD: x_nD + strength * x_nD**3))
    linear, square = begun(family), free_propagator(SIZE, KAPPA).mean()
    y_nd, r_nd = (encoder.encoding(linear)(field) for field in (
        test + strength * test**3, strength * (test**3 - 3 * square * test)))
    expected = np.trace(np.linalg.solve(y_nd.T @ y_nd, r_nd.T @ r_nd)) / y_nd.shape[1]
    assert found['nonlinear'] == pytest.approx(expected, rel=0.1)
    assert 0 < found['nonlinear_error'] < 0.2 * expected


def test_labels_of_latents_do_not_matter():
    model = moved(network('dense', LATENT, SIZE, hidden=20), 0.1).double()
    rng, other = np.random.default_rng(3), copy.deepcopy(model)
    matrix_dd = np.eye(LATENT) + 0.2 * rng.standard_normal((LATENT, LATENT))
    there, back = (nn.Linear(LATENT, LATENT, bias=False).double() for _ in range(2))
    with torch.no_grad():
        there.weight.copy_(torch.from_numpy(matrix_dd))
        back.weight.copy_(torch.from_numpy(np.linalg.inv(matrix_dd)))
    other.encoder, other.decoder = (nn.Sequential(other.encoder, there),
                                    nn.Sequential(back, other.decoder))
    before, after = judged(model), judged(other)
    for name in before:
        assert after[name] == pytest.approx(before[name], rel=1e-5, abs=1e-8), name


def test_xarray_sees_numbers(tmp_path):
    found = {'learned_encoder': judged(seeing('dense', torch.sinh))}
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), found, draws(2, 1), draws(2, 1))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')
    assert float(seen['model/learned_encoder'].site) == found['learned_encoder']['site']
