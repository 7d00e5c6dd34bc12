"""The decoder's Fisher metric, and what is left when its least informative directions are removed.
"""

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI
from torch import nn

from phi4hpc.latent import ablation, entropy, information, latentfile, metric, metricsums
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import NOWHERE
from phi4hpc.lattice.modes import mode_propagator
from phi4hpc.lattice.orbits import numbered, symmetrised
from phi4hpc.lattice.shells import kept_shells
from tests.autoencoders import Applied, free_propagator, moved, network

SIZE, LATENT, DRAWS = 8, 21, 400


def draws(n=DRAWS, seed=5):
    """Gaussian fields of the free propagator, (n, y, x)."""
    noise_nyx = np.random.default_rng(seed).standard_normal((n, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(SIZE))).real


def analysed(model, phi_nyx=None):
    phi_nyx = draws() if phi_nyx is None else phi_nyx
    return metric.analyse(MPI.COMM_SELF, model, phi_nyx, 0, len(phi_nyx))


def ablated(model, phi_nyx=None):
    phi_nyx = draws() if phi_nyx is None else phi_nyx
    return ablation.analyse(MPI.COMM_SELF, model, analysed(model, phi_nyx), [draws(600, 6)],
                            phi_nyx, 0, len(phi_nyx))


def binder(phi_nyx):
    m_n = phi_nyx.mean((1, 2))
    return 1 - (m_n**4).mean() / (3 * (m_n**2).mean() ** 2)


def dense():
    return moved(network('dense', 13, SIZE, hidden=20), 0.05).double()


def relabelled(model, there, back):
    """Return the model with latents h(y), which its decoder undoes."""
    model.encoder = nn.Sequential(model.encoder, there)
    model.decoder = nn.Sequential(back, model.decoder)
    return model


def mixed(model):
    """Return the model with latents that a matrix of condition about 10 mixes."""
    rng = np.random.default_rng(2)
    matrix_dd = np.eye(13) + 0.2 * rng.standard_normal((13, 13))
    there, back = (nn.Linear(13, 13, bias=False).double() for _ in range(2))
    with torch.no_grad():
        there.weight.copy_(torch.from_numpy(matrix_dd))
        back.weight.copy_(torch.from_numpy(np.linalg.inv(matrix_dd)))
    return relabelled(model, there, back)


def test_the_linear_optimum_has_the_power_of_its_waves_over_what_is_lost_at_a_site():
    phi_nyx = draws()
    found = analysed(network('fourier', LATENT, SIZE).double(), phi_nyx).found
    power_yx, below_yx = symmetrised(mode_propagator(phi_nyx)), kept_shells(LATENT, SIZE)
    sigma2 = power_yx[~below_yx].sum() / SIZE**2
    expected = np.sort(power_yx[below_yx])[::-1] / sigma2
    np.testing.assert_allclose(found['information'], expected, rtol=1e-6)
    assert (found['information_error'] > 0).all()


def test_the_order_of_the_linear_optimum_is_a_momentum_cut_off():
    found = analysed(network('fourier', LATENT, SIZE)).found
    assert (np.diff(found['p_hat']) > -1e-6).all()
    np.testing.assert_allclose(found['p_hat_spread'], 0, atol=1e-3)


def test_a_map_that_keeps_waves_whole_is_ordered_by_their_power_against_any_floor():
    phi_nyx = draws()
    found = analysed(network('fourier', LATENT, SIZE).double(), phi_nyx).found
    np.testing.assert_allclose(found['information_by_momentum'],
                               found['information'] / metric.FLOOR, rtol=1e-5)
    np.testing.assert_allclose(found['p_hat_by_momentum'], found['p_hat'], atol=1e-6)


def test_what_is_lost_of_its_own_waves_is_what_a_direction_is_held_against():
    """A decoder that gives back half of each wave loses as much of it as it says."""
    model = network('fourier', LATENT, SIZE).double()
    with torch.no_grad():
        model.decoder.weight *= 0.5
    found = analysed(model).found
    np.testing.assert_allclose(found['information_by_momentum'], 1, rtol=1e-4)
    assert found['information'][0] > 2 * found['information'][-1]


def test_removing_directions_of_the_linear_optimum_cuts_momenta():
    found = ablated(network('fourier', LATENT, SIZE))
    assert found['directions'].tolist() == [21, 9, 5, 1]
    for count, ratio_o in zip(found['directions'], found['power_ratio'], strict=True):
        below_o = np.bincount(numbered(SIZE).ravel(), kept_shells(count, SIZE).ravel()) > 0
        np.testing.assert_allclose(ratio_o, below_o, atol=1e-5)
    assert (np.diff(found['kappa']) < 0).all()
    np.testing.assert_allclose(found['abs_magnetisation_ratio'], 1, rtol=1e-5)
    np.testing.assert_allclose(found['binder_shift'], 0, atol=1e-5)


def test_the_least_informative_directions_alone_say_little():
    found = ablated(network('fourier', LATENT, SIZE))
    for name in information.NAMES:
        assert found[f'{name}_of_least'][0] == found[name][0]
        assert (found[f'{name}_of_least'][1:] < found[name][1:] - 0.15).all()


def test_with_all_directions_nothing_is_removed():
    model, phi_nyx = dense(), draws()
    found = ablated(model, phi_nyx)
    whole = information.analyse(MPI.COMM_SELF, lambda phi_nyx: model(
        torch.from_numpy(phi_nyx).flatten(1)).detach().numpy().reshape(phi_nyx.shape),
        [draws(600, 6)], phi_nyx, 0, len(phi_nyx))
    assert found['variance'][0] == pytest.approx(whole['variance'], rel=1e-7)
    before, after = (binder(fields_nyx) for fields_nyx in (phi_nyx, reconstruct(model, phi_nyx)))
    assert found['binder_shift'][0] == pytest.approx(after - before, rel=1e-7)
    for name in information.NAMES:
        # Predictions of the whole model are fitted to more draws.
        assert abs(found[name][0] - whole[name]) < whole[f'{name}_error'] + 1e-9
        assert found[f'{name}_error'][0] == pytest.approx(whole[f'{name}_error'], rel=0.3, abs=1e-9)


def test_labels_of_latents_do_not_matter_to_spectrum_and_removal():
    before, after = (analysed(model).found for model in (dense(), mixed(dense())))
    np.testing.assert_allclose(after['entropy'], before['entropy'], atol=0.02)
    for name in ('information', 'information_error', 'p_hat', 'p_hat_spread',
                 'information_by_momentum', 'information_by_momentum_error', 'p_hat_by_momentum'):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-5, err_msg=name)
    before, after = (ablated(model) for model in (dense(), mixed(dense())))
    for name in before:
        np.testing.assert_allclose(after[name], before[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_a_non_linear_label_changes_the_covariance_and_so_the_spectrum():
    """What it does not change is what is made of decoded fields alone."""
    def curved():
        return relabelled(dense(), Applied(torch.sinh), Applied(torch.asinh))

    before, after = (analysed(model).found['information'] for model in (dense(), curved()))
    assert np.abs(after / before - 1).max() > 0.1
    of_all = [ablated(model)['power_ratio'][0] for model in (dense(), curved())]
    np.testing.assert_allclose(*of_all, rtol=1e-6)


def test_the_covariance_of_latents_is_theirs_whatever_linear_part_is_taken_off():
    """Of draws that have all images under the symmetries of the lattice it is so exactly."""
    model = relabelled(dense(), Applied(torch.sinh), Applied(torch.asinh))
    turned = [each for k in range(4) for one in (np.rot90(draws(1)[0], k),)
              for each in (one, one.T)]
    phi_nyx = np.array([np.roll(one, shift, (0, 1)) for one in turned
                        for shift in np.ndindex(SIZE, SIZE)])
    linear_dD = np.random.default_rng(3).standard_normal((13, SIZE**2)) / SIZE
    sums, = metricsums.latent_sums(model, phi_nyx, [slice(0, len(phi_nyx))], linear_dD, NOWHERE)
    sums |= {'metric': np.eye(13), 'samples': np.ones(1)}
    half_dd, _ = metric.matrix(sums, linear_dD, None, 'metric')
    y_nd = model.encode(torch.from_numpy(phi_nyx).flatten(1)).detach().numpy()
    np.testing.assert_allclose(half_dd @ half_dd, y_nd.T @ y_nd / len(y_nd), atol=1e-10)


def test_a_mean_over_shifts_of_the_blocks_is_one():
    shape, rng = (2, 3, 4), np.random.default_rng(1)
    gram = rng.standard_normal((24, 24))
    images = [np.roll(gram.reshape(*shape, *shape), (Y, X, Y, X), (1, 2, 4, 5)).reshape(24, 24)
              for Y in range(3) for X in range(4)]
    np.testing.assert_allclose(metric.shift_averaged(gram, shape), np.mean(images, 0))
    assert metric.shift_averaged(gram, None) is gram


def test_latents_that_are_a_field_have_the_spectrum_of_waves():
    """A convolution's is that of many draws, since shifts by a block are averaged over."""
    model = moved(network('convolutional', L=SIZE, block=2), 0.05)
    few, many = (analysed(model, draws(n)).found for n in (100, 1600))
    pulls = (few['information'] - many['information']) / few['information_error']
    assert np.sqrt((pulls**2).mean()) < 3
    # Waves p and -p are one multiplet of two.
    np.testing.assert_allclose(few['information'][1:3].std(), 0, atol=1e-6 * few['information'][1])


def test_the_entropy_of_normal_components_is_that_of_their_variance():
    found = analysed(network('fourier', LATENT, SIZE), draws(2000)).found
    pulls = (found['entropy'] - np.log(found['information']) / 2) / found['entropy_error']
    assert np.sqrt((pulls**2).mean()) < 2
    assert found['entropy_error'].max() < 0.05


def test_a_component_with_two_peaks_explains_less_than_its_variance_says():
    """M of two signs and one modulus has the entropy of its noise, and ln 2."""
    rng, noise = np.random.default_rng(4), 0.3
    phi_nyx = draws(4000)
    sign_n11 = rng.choice([-1.0, 1.0], 4000)[:, None, None]
    phi_nyx += sign_n11 + noise * rng.standard_normal((4000, 1, 1)) - phi_nyx.mean((1, 2))[
        :, None, None]
    found = analysed(network('fourier', 5, SIZE), phi_nyx).found
    less = np.log(found['information'][0]) / 2 - found['entropy'][0]
    exact = np.log(1 + noise**2) / 2 - np.log(noise) - np.log(2)
    assert abs(less - exact) < 4 * found['entropy_error'][0] + 0.01


@pytest.mark.parametrize(('drawn', 'exact'), [
    (lambda rng: rng.standard_normal((20000, 1)), np.log(2 * np.pi * np.e) / 2),
    (lambda rng: np.sqrt(3) * rng.uniform(-1, 1, (20000, 1)), np.log(2 * np.sqrt(3)))],
    ids=['normal', 'uniform'])
def test_entropies_of_known_densities(drawn, exact):
    counts = entropy.counted(drawn(np.random.default_rng(1)))
    assert entropy.differential_entropy({'counts': counts})[0] == pytest.approx(exact, abs=0.02)


def test_the_entropy_that_few_draws_lack_is_added():
    """1000 of a normal number lack 0.007."""
    few_nr = np.random.default_rng(1).standard_normal((1000, 1000))
    found_r = entropy.differential_entropy({'counts': entropy.counted(few_nr)})
    exact = np.log(2 * np.pi * np.e) / 2
    assert abs(found_r.mean() - exact) < 4 * found_r.std() / np.sqrt(1000) + 0.001 < 0.005


def test_errors_are_the_spread_over_independent_draws():
    results = [analysed(dense(), draws(160, seed)).found for seed in range(20)]
    value, error = (np.array([found[key] for found in results])
                    for key in ('information', 'information_error'))
    assert 0.7 < error[:, :5].mean() / value.std(0)[:5].mean() < 1.4


@pytest.mark.parametrize('phi_nyx', [np.zeros((4, SIZE, SIZE)), draws(4)],
                         ids=['no field', 'nothing lost'])
def test_where_nothing_is_lost_there_is_no_scale(phi_nyx):
    assert analysed(network('fourier', SIZE**2, SIZE), phi_nyx) is None


def test_xarray_sees_directions_that_stay(tmp_path):
    model = network('fourier', LATENT, SIZE)
    found = {'metric': analysed(model).found, 'ablation': ablated(model)}
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), found, draws(2), draws(2))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')['model']
    assert seen['metric'].information.dims == ('direction',)
    assert seen['ablation'].kappa.sel(directions=9) == found['ablation']['kappa'][1]
    assert seen['ablation'].power_ratio.dims == ('directions', 'orbit')
