"""What a model keeps of each momentum, held against maps whose answer is known in closed form."""

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI

from phi4hpc.latent import latentfile, losses, momentum
from phi4hpc.latent.momentum import LEVELS, passing
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.orbits import numbered, representatives
from phi4hpc.lattice.shells import kept_shells
from phi4hpc.parallel.jackknife import deleted_error, gather_blocks, jackknife
from tests.autoencoders import free_propagator, moved, network

SIZE, LATENT, DRAWS, LAMBDA = 8, 13, 48, 0.02


def draws(n=DRAWS, seed=5):
    """Gaussian fields of the free propagator, (n, y, x)."""
    noise_nyx = np.random.default_rng(seed).standard_normal((n, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(SIZE))).real


def analysed(model, phi_nyx=None, lam=LAMBDA):
    phi_nyx = draws() if phi_nyx is None else phi_nyx
    return momentum.analyse(MPI.COMM_SELF, model, phi_nyx, 0, len(phi_nyx), lam)


def below_cut():
    """Which orbits lie below the cut, (o,)."""
    return kept_shells(LATENT, SIZE)[representatives(SIZE)]


def test_the_linear_optimum_keeps_whole_waves_below_its_cut_and_nothing_above():
    found, below = analysed(network('fourier', LATENT, SIZE)), below_cut()
    assert found['momenta'][below].sum() == LATENT
    for name in ('coherence', 'regression', 'power_ratio'):
        np.testing.assert_allclose(found[name], below, atol=1e-5)
        np.testing.assert_allclose(found[f'{name}_spread'], 0, atol=1e-5)
    last, first = found['p_hat'][below].max(), found['p_hat'][~below].min()
    for name in ('cutoff_coherence', 'cutoff_regression'):
        expected = last + (1 - np.array(LEVELS)) * (first - last)
        np.testing.assert_allclose(found[name], expected, rtol=1e-4)


def test_the_gain_is_that_of_the_losses_of_the_same_draws():
    model, phi_nyx = moved(network('dense', LATENT, SIZE, hidden=20), 0.05), draws()
    found, decoded_nyx = analysed(model, phi_nyx), reconstruct(model, phi_nyx)
    lost_h = losses.lost(losses.orbit_powers(phi_nyx), SIZE, LATENT)
    ratio = (losses.of_model(phi_nyx, decoded_nyx).mean()
             / losses.of_optimum(phi_nyx, lost_h).mean())
    assert found['gain'] == pytest.approx(1 - ratio)
    assert found['gain_error'] == pytest.approx(deleted_error(found['gain_deleted']))
    assert np.isnan(analysed(network('fourier', SIZE**2, SIZE))['gain'])


def test_what_is_kept_is_as_it_is_defined():
    """Of a non-linear map, from its fields: also how far the momenta of an orbit differ."""
    model, phi_nyx = moved(network('dense', LATENT, SIZE, hidden=20), 0.05), draws()
    found = analysed(model, phi_nyx)
    phi, after = np.fft.fft2(phi_nyx), np.fft.fft2(reconstruct(model, phi_nyx))
    sums = [part.sum(0) for part in (abs(phi)**2, abs(after)**2, (phi.conj() * after).real)]

    def coherence(before, after, both):
        return both / np.sqrt(before * after)

    orbits = [numbered(SIZE) == o for o in range(len(found['p_hat']))]
    np.testing.assert_allclose(found['coherence'], [
        coherence(*(part[own].sum() for part in sums)) for own in orbits], atol=1e-6)
    np.testing.assert_allclose(found['coherence_spread'], [
        coherence(*sums)[own].std() for own in orbits], atol=1e-6)
    np.testing.assert_allclose(found['cutoff_coherence'], passing(
        found['p_hat'], found['momenta'], found['coherence'] ** 2))


def test_kadanoffs_blocks_with_a_constant_decoder_pass_a_wave_by_their_form_factor():
    """The regression is |w(p)|^2, the power that a block mean keeps of a wave, up to the noise of
    waves that blocks cannot tell apart.
    """
    model = network('kadanoff', L=SIZE, block=2, decoding='constant')
    found = analysed(model, draws(4000))
    line = np.cos(np.pi * np.arange(SIZE // 2 + 1) / SIZE) ** 2      # of blocks of two sites
    expected_o = line[found['n_y']] * line[found['n_x']]
    pulls = (found['regression'] - expected_o) / np.maximum(found['regression_error'], 1e-6)
    assert np.abs(pulls).max() < 5
    assert found['coherence'][0] == pytest.approx(1)
    assert ((found['coherence'] > 0.05) & (found['coherence'] < 0.99))[1:-1].any()


def test_a_cubic_decoder_has_the_response_that_its_coefficients_say():
    model = network('cubic', LATENT, SIZE)
    torch.nn.init.uniform_(model.decoder.strength_o, -0.05, 0.05)
    found, below = analysed(model), below_cut()
    expected_o = model.decoder.coefficients().detach().numpy()[representatives(SIZE)]
    there = np.isfinite(found['cubic'])
    assert there.sum() > 6
    assert not there[below].any()
    np.testing.assert_allclose(found['cubic'][there], expected_o[there], rtol=1e-4, atol=1e-7)


def test_the_ratio_to_first_order_is_one_for_a_decoder_of_these_coefficients():
    model, phi_nyx = network('cubic', LATENT, SIZE), draws()
    power_yx = (abs(np.fft.fft2(phi_nyx)) ** 2).mean(0) / SIZE**2
    orbit_D = numbered(SIZE).ravel()
    mean_o = np.bincount(orbit_D, power_yx.ravel()) / np.bincount(orbit_D)
    lost_yx = np.where(kept_shells(LATENT, SIZE), 0, mean_o[numbered(SIZE)])
    with torch.no_grad():
        model.decoder.lost_yx.copy_(torch.from_numpy(lost_yx))
        model.decoder.strength_o.fill_(-4 * LAMBDA)
    found = analysed(model, phi_nyx)
    np.testing.assert_allclose(found['cubic_ratio'][np.isfinite(found['cubic_ratio'])], 1,
                               rtol=1e-4)
    assert found['cubic_ratio_mean'] == pytest.approx(1, rel=1e-4)


def test_orbits_that_fluctuate_together_do_not_make_the_error_of_their_mean_small():
    """Here nine ratios are the same number in each of 16 blocks of draws, and one is not known."""
    sums_b = [{'ratio': np.append(np.full(9, ratio), np.nan), 'count': np.ones(1)}
              for ratio in np.random.default_rng(4).normal(1, 0.3, 16)]
    blocks = gather_blocks(MPI.COMM_SELF, sums_b)

    def ratios(sums):
        return (sums['ratio'] / sums['count'])[None]

    (value_o,), (error_o,) = jackknife(MPI.COMM_SELF, blocks, ratios)
    (mean,), mean_b1 = momentum.means_of_ratios(MPI.COMM_SELF, blocks, error_o, ratios)
    error, = deleted_error(mean_b1)
    assert (mean, error) == pytest.approx((value_o[0], error_o[0]))


def test_a_ratio_counts_by_the_inverse_square_of_its_error():
    blocks = gather_blocks(MPI.COMM_SELF, [{'count': np.ones(1)} for _ in range(2)])
    (mean,), _ = momentum.means_of_ratios(MPI.COMM_SELF, blocks, np.array([1, 2, 0, np.nan]),
                                          lambda sums: np.array([[0.0, 5.0, 7.0, np.nan]]))
    assert mean == 1


def test_without_interaction_the_lost_modes_do_not_respond_and_there_is_no_ratio():
    found = analysed(network('fourier', LATENT, SIZE), draws(2000), 0.0)
    assert not any('ratio' in name and 'cubic' in name for name in found)
    pulls = found['cubic_original'] / found['cubic_original_error']
    assert 0 < np.nanmax(np.abs(pulls)) < 5


def test_where_nothing_is_lost_there_is_no_cut_off():
    found = analysed(network('fourier', SIZE**2, SIZE))
    np.testing.assert_allclose(found['coherence'], 1, rtol=1e-5)
    assert np.isnan(found['cutoff_coherence']).all()
    assert np.isnan(found['cubic']).all()


def test_fields_that_vanish_give_no_numbers_and_end_nothing():
    found = analysed(network('fourier', LATENT, SIZE), np.zeros((4, SIZE, SIZE)))
    assert np.isnan(found['coherence']).all()
    assert np.isnan(found['cutoff_regression']).all()


def test_errors_are_the_spread_over_independent_ensembles():
    model = moved(network('dense', LATENT, SIZE, hidden=20), 0.05)
    results = [analysed(model, phi_nyx) for phi_nyx in draws(24 * 64).reshape(24, 64, SIZE, SIZE)]
    for name in ('coherence', 'regression', 'power_ratio', 'cutoff_regression'):
        value, error = (np.array([result[key] for result in results])
                        for key in (name, f'{name}_error'))
        assert 0.7 < np.nanmean(error) / np.nanmean(value.std(0)) < 1.4, name


def test_a_curve_that_does_not_fall_throughout_is_replaced_by_the_nearest_that_does():
    p_hat, count = np.arange(5.0), np.ones(5)
    np.testing.assert_allclose(passing(p_hat, count, np.array([1, 0.6, 1.0, 0, 0])),
                               [2.0625, 2.375, 2.6875])
    order = [3, 1, 0, 4, 2]
    np.testing.assert_allclose(passing(p_hat[order], count, np.array([1, 0.6, 1.0, 0, 0])[order]),
                               [2.0625, 2.375, 2.6875])
    # By momenta: two orbits of 4 and 8 at 0.5 and 0.8 are one step at 0.7.
    of_momenta = passing(np.arange(4.0), np.array([1, 4, 8, 1]), np.array([1, 0.5, 0.8, 0.1]))
    np.testing.assert_allclose(of_momenta[0], (1 - 0.75) / (1 - 0.7))
    assert np.isnan(passing(p_hat, count, np.full(5, 0.9))).all()
    assert np.isnan(passing(p_hat, count, np.zeros(5))).all()


def test_xarray_sees_orbits_and_levels(tmp_path):
    found = {'momentum': analysed(network('fourier', LATENT, SIZE))}
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), found, draws(2), draws(2))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')['model/momentum']
    assert seen.coherence_spread.dims == ('orbit',)
    assert seen.cutoff_coherence_error.dims == ('level',)
    np.testing.assert_array_equal(seen['level'], LEVELS)
