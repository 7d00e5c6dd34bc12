"""What models gain on Gaussian fields, where nothing but G(p) can be known of a mode."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.blockspin.optimum import linear_loss
from phi4hpc.blockspin.surrogate import fields
from phi4hpc.latent import gaussian
from phi4hpc.latent.reconstruct import reconstruct
from tests.autoencoders import Packed, ensemble, free_propagator, moved, network

L, DRAWS, SEED = 8, 3000, (3,)


def analyse(model, count=DRAWS):
    return gaussian.analyse(MPI.COMM_SELF, model, free_propagator(L), SEED, count, 0, count)


def test_a_linear_block_spin_gains_what_is_exact():
    zone = network('zone', L=L, block=2)
    found, encoder_dD = analyse(zone), zone.encoder.weight.detach().double().numpy()
    exact = 1 - (linear_loss(encoder_dD, encoder_dD.T, free_propagator(L))
                 / (ensemble(L).modes(16).dropped / L**2))
    assert exact < -10 * found['gain_error']
    assert found['gain'] == pytest.approx(exact, abs=4 * found['gain_error'])


def test_what_a_map_has_learned_of_other_fields_is_a_loss():
    """The optimum of other fields, with a remainder that is not linear."""
    found = analyse(moved(network('dense', 16, L, hidden=20), 0.05))
    assert found['gain'] < -10 * found['gain_error']


def test_digits_gain_where_there_is_no_interaction():
    found = analyse(Packed(network('zone', L=L, block=2)))
    assert found['gain'] > 10 * found['gain_error']


def test_the_gain_is_that_of_the_fields_that_are_drawn():
    model, count = Packed(network('zone', L=L, block=2)), 64
    phi_nyx = fields(free_propagator(L), SEED, 0, count, np.dtype(np.float64))
    power_yx = (abs(np.fft.fft2(phi_nyx)) ** 2).sum(0) / L**2
    lost = ((phi_nyx - reconstruct(model, phi_nyx)) ** 2).sum()
    found = analyse(model, count)
    # Eight of 64 momenta are kept, by the mean of their power over the square's symmetries.
    images = [np.roll(power_yx[::-1], 1, 0) if turned else power_yx for turned in (False, True)]
    images += [np.roll(image[:, ::-1], 1, 1) for image in images]
    images += [image.T for image in images]
    dropped = np.sort(np.mean(images, 0), axis=None)[:-model.latent].sum()
    assert found['gain'] == pytest.approx(1 - lost / dropped, rel=1e-6)
    assert found['gain_deleted'].shape == (16,)
