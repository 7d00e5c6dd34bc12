"""What is beyond a linear response, held against maps made of known operators."""

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI

from phi4hpc.latent import latentfile, learned
from phi4hpc.latent.learned import NAMES
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.action import neighbours
from phi4hpc.lattice.shells import kept_shells
from tests.autoencoders import free_propagator, network

SIZE, LATENT = 8, 13


def draws(n, seed):
    """Gaussian fields of the free propagator, (n, y, x)."""
    noise_nyx = np.random.default_rng(seed).standard_normal((n, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(SIZE, 0.15))).real


def judged(mapped, initial=lambda phi_nyx: phi_nyx):
    return learned.analyse(MPI.COMM_SELF, mapped, initial, LATENT, [draws(400, 1)], draws(200, 2),
                           0, 200)


def low(phi_nyx):
    return np.fft.ifft2(np.fft.fft2(phi_nyx) * kept_shells(LATENT, SIZE)).real


@pytest.mark.parametrize(('name', 'operator'), [
    ('site', lambda phi: phi**3), ('site', lambda phi: neighbours(phi**3)),
    ('neighbours', lambda phi: phi**2 * neighbours(phi)), ('kept', lambda phi: low(phi)**3),
    ('parity', lambda phi: phi**2 + 2 * low(phi)**2)])
def test_the_sector_that_a_map_is_made_of_explains_it_and_others_less(name, operator):
    """Also behind a linear map, since coefficients are those of each momentum."""
    found = judged(lambda phi_nyx: low(0.5 * phi_nyx + 0.1 * operator(phi_nyx)))
    assert found[name] == pytest.approx(1, abs=1e-6)
    others = {'parity', 'random'} if name != 'parity' else {'together', 'random'}
    assert all(found[other] < 0.1 for other in others), found
    assert found['nonlinear'] > 1e-4


def test_a_cubic_decoder_has_learned_the_cube_of_what_is_kept():
    model = network('cubic', LATENT, SIZE)
    torch.nn.init.uniform_(model.decoder.strength_o, -0.05, 0.05)
    found = judged(lambda phi_nyx: reconstruct(model, phi_nyx))
    assert found['kept'] == pytest.approx(1, abs=1e-4)
    assert found['parity'] < 0.02


def test_what_training_began_with_was_not_learned():
    def begun(phi_nyx):
        return phi_nyx + 0.1 * phi_nyx**3

    found = judged(lambda phi_nyx: 0.9 * begun(phi_nyx) + 0.01 * low(phi_nyx)**3, begun)
    assert found['kept'] == pytest.approx(1, abs=1e-6)
    assert found['site'] < 0.1


@pytest.mark.parametrize('mapped', [low, lambda phi_nyx: phi_nyx, np.zeros_like],
                         ids=['a cut', 'the field', 'nothing'])
def test_a_linear_map_has_learned_nothing(mapped):
    assert all(np.isnan(judged(mapped)[name]) for name in NAMES)


def test_a_model_at_its_first_weights_has_learned_nothing():
    model = network('dense', LATENT, SIZE, hidden=20).double()
    assert np.isnan(judged(lambda phi_nyx: reconstruct(model, phi_nyx))['nonlinear'])


def test_xarray_sees_numbers(tmp_path):
    found = {'learned': judged(lambda phi_nyx: phi_nyx**3)}
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), found, draws(2, 1), draws(2, 1))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')['model/learned']
    assert float(seen.site_error) == found['learned']['site_error']
