"""What models gain comes from the interaction: where there is none, their trainings find nothing.

A model starts at the best linear map of its kind: cubic and dense at the disc of modes,
convolutions at the square zone. What it gains over that start, on test draws, vanishes for free
fields and for Gaussian fields of the propagator of the interacting ensemble, and is resolved on the
ensemble itself.
"""

import numpy as np
import pytest
import torch
from mpi4py import MPI

from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.surrogate import fields, gaussian
from tests.autoencoders import free_propagator, model
from tests.simulate import observe
from tests.training import first, shared, train

L, DRAWS, TESTED = 8, 2800, 400
LAMBDA, KAPPA = 1.0, 0.340301
MODELS = {'cubic': model('cubic', 13, L),
          'dense': model('dense', 13, L, hidden=64),
          'convolutional': model('convolutional', L=L, channels=1, width=16)}
RATES = {'cubic': 1e-3, 'dense': 2e-3, 'convolutional': 7e-4}


@pytest.fixture(scope='module')
def interacting():
    """Shares of draws near the transition at lambda = 1, ten steps apart, of 200 replicas."""
    from phi4hpc.device.choose import choose

    draws = observe(choose('host')[0], L, KAPPA, LAMBDA, 'recipe', replicas=200, spacing=10,
                    draws=DRAWS // 200, width=1.2, observable=lambda held: held.fields.read())
    return shared(draws.reshape(-1, L, L), TESTED, 40)


def gain(start, network, test_nyx):
    """Return 1 - loss / loss of the start and its error, over draws that both map."""
    x_nD = torch.from_numpy(test_nyx).float().flatten(1)
    with torch.no_grad():
        loss_n, start_n = ((x_nD - each(x_nD)).square().mean(1).double().numpy()
                           for each in (network, start))
    ratio = loss_n.mean() / start_n.mean()
    error = (loss_n - ratio * start_n).std() / np.sqrt(len(loss_n)) / start_n.mean()
    return 1 - ratio, error


def after_training(folder, name, shares, lam):
    """Return the record of a short training, and the gain over its start with the error."""
    start, _ = first(MODELS[name], shares, lam)
    record, network = train(folder, MODELS[name], shares, lam, epochs=8, rate=RATES[name])
    return record, gain(start, network, shares.test_nyx)


@pytest.mark.parametrize('name', MODELS)
def test_nothing_is_gained_on_free_fields(tmp_path, name):
    free_nyx = fields(free_propagator(L), (5,), 0, DRAWS, np.dtype(np.float32))
    record, (value, error) = after_training(tmp_path, name, shared(free_nyx, TESTED, 40), 0.0)
    assert abs(value) <= 4 * error
    assert record['ratio'] >= 1 - 4 * record['ratio_error']


@pytest.mark.parametrize('name', MODELS)
def test_nothing_is_gained_on_the_surrogate_of_interacting_fields(tmp_path, interacting, name):
    propagator_yx = common_propagator(MPI.COMM_SELF, interacting.train_nyx)
    shares = gaussian(MPI.COMM_SELF, interacting, propagator_yx, (7,))
    record, (value, error) = after_training(tmp_path, name, shares, LAMBDA)
    assert abs(value) <= 4 * error
    assert record['ratio'] >= 1 - 4 * record['ratio_error']


@pytest.mark.parametrize('name', MODELS)
def test_the_interaction_lets_models_gain(tmp_path, interacting, name):
    """Over their start and, at this coupling, over the free linear optimum too."""
    record, (value, error) = after_training(tmp_path, name, interacting, LAMBDA)
    assert value > 5 * error > 0
    assert value > 0.03
    assert record['ratio'] + 5 * record['ratio_error'] < 1


def test_latents_that_lost_modes_move_gain_over_linear_ones(tmp_path, interacting):
    """Behind both is a cubic decoder of its own."""
    linear, cubic = (train(tmp_path, model('cubic', 13, L, encoding=encoding), interacting, LAMBDA,
                           epochs=8, rate=RATES['cubic'])[1] for encoding in ('linear', 'cubic'))
    value, error = gain(linear, cubic, interacting.test_nyx)
    assert value > 5 * error > 0
