"""The latent analysis: closed forms for `fourier`, and all images of a model under the symmetries.

The average over symmetries is written out in full here: a Jacobian is carried to each of the
8 L^2 images of the lattice, and their Gram matrices are added up.
"""

import copy

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI
from torch import nn

from phi4hpc.latent import analysis, angles, jacobians, latentfile, momentum, multiplets
from phi4hpc.latent.analysis import analyse
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian, gradients, shifts
from phi4hpc.latent.response import Responses
from phi4hpc.latent.waves import coordinates, spread_out
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.lattice.orbits import numbered
from phi4hpc.logs import log
from phi4hpc.parallel.jackknife import BLOCKS, block_slices, gather_blocks
from tests.autoencoders import free_propagator, moved, network

SIZE, LATENT, SAMPLES = 6, 7, 40
ENSEMBLE = Ensemble(SIZE, 0.269, 0.02)
OBSERVABLES = {name: load(name) for name in ('magnetisation', 'binder', 'propagator', 'hopping')}
NAMES = 'decoder', 'autoencoder', *OBSERVABLES
ONE = {'magnetisation': OBSERVABLES['magnetisation']}


def model_of(family):
    if family == 'dense':
        return moved(network('dense', LATENT, SIZE, hidden=20), 0.1)
    if family == 'convolutional':
        return moved(network('convolutional', L=SIZE), 0.1)
    return network(family, LATENT, SIZE)


def samples(n=SAMPLES):
    rng = np.random.default_rng(5)
    return rng.standard_normal((n, SIZE, SIZE)) + 2 * rng.choice([-1, 1], (n, 1, 1))


def analysed(model, phi_nyx=None, directions=3, observables=OBSERVABLES, ensemble=ENSEMBLE):
    model = model_of(model) if isinstance(model, str) else model
    phi_nyx = samples() if phi_nyx is None else phi_nyx
    return analyse(MPI.COMM_SELF, model, phi_nyx, 0, len(phi_nyx), directions, observables,
                   ensemble)


def images(fields_nyx, step=1):
    """Return each field as all symmetries carry it: shifts by `step`, and the square where that is
    one site."""
    turned = [fields_nyx]
    if step == 1:
        turned = [np.rot90(f, k, (-2, -1)) for f in (fields_nyx, fields_nyx.swapaxes(-2, -1))
                  for k in range(4)]
    L = fields_nyx.shape[-1]
    return np.concatenate([np.roll(f, (y, x), (-2, -1)) for f in turned
                           for y in range(0, L, step) for x in range(0, L, step)])


def jacobian_of(family, phi_nyx):
    """Return that of the autoencoder, (n, D, D)."""
    model, x_nD = model_of(family).double(), torch.from_numpy(phi_nyx).flatten(1)
    with torch.no_grad():
        jac_nDd = decoder_jacobian(model, model.encode(x_nD))
        return (jac_nDd @ encoder_jacobian(model, x_nD)).numpy()


def averaged_gram(rows_nrD):
    """Return the mean of J^T J over the samples and the images of the lattice, (D, D)."""
    count, L = len(rows_nrD), SIZE
    rows = images(rows_nrD.reshape(-1, L, L)).reshape(-1, L**2)
    return rows.T @ rows / (8 * L**2 * count)


def values_of(result, key):
    return spread_out(result[key], result['momenta'])


def roots(gram_DD):
    return np.sqrt(np.linalg.eigvalsh(gram_DD)[::-1].clip(0))


def test_the_stack_of_all_images_of_a_model_has_waves_for_directions():
    """Its singular values are those of the orbits, each as often as it has momenta."""
    expected = roots(averaged_gram(jacobian_of('dense', samples())))
    np.testing.assert_allclose(values_of(analysed('dense')['autoencoder'], 'value'), expected,
                               rtol=1e-9)


def test_overlap_is_the_mean_response_to_a_wave_along_that_wave():
    """So the mean Jacobian of all images has |overlap| for its singular values."""
    mean_DD, result = jacobian_of('dense', samples()).mean(0), analysed('dense')['autoencoder']
    y, x = np.mgrid[:SIZE, :SIZE]
    for ky, kx in np.ndindex(SIZE, SIZE):
        wave_D = np.exp(2j * np.pi * (ky * y + kx * x) / SIZE).ravel() / SIZE
        response = (wave_D.conj() @ mean_DD @ wave_D).real
        assert result['transfer'][ky, kx] == pytest.approx(response, abs=1e-9)
    at = result['n_y'], result['n_x']
    np.testing.assert_allclose(result['overlap'], result['transfer_symmetric'][at])
    assert (abs(result['overlap']) <= result['value'] + 1e-12).all()


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
def test_every_sample_counts_with_all_of_its_latents(family):
    """So a few samples have what all of their own latents do, without images of them."""
    jac_nDD, found = jacobian_of(family, samples(3)), analysed(family, samples(3))['autoencoder']
    np.testing.assert_allclose(values_of(found, 'value'), roots(averaged_gram(jac_nDD)), rtol=1e-9)
    assert found['transfer'].sum() == pytest.approx(np.trace(jac_nDD.mean(0)), rel=1e-9)


def test_shifts_of_samples_by_a_block_change_nothing_of_a_model_that_commutes_with_them():
    assert shifts(model_of('convolutional').double())
    assert not shifts(model_of('dense').double())
    plain = analysed('convolutional')['autoencoder']
    there = analysed('convolutional', np.roll(samples(), (2, 4), (1, 2)))['autoencoder']
    for key in plain:
        np.testing.assert_allclose(there[key], plain[key], rtol=1e-7, atol=1e-9, err_msg=key)


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
@pytest.mark.parametrize('name', OBSERVABLES)
def test_the_response_of_an_observable_is_that_of_all_images(family, name):
    model, x_nD = model_of(family).double(), torch.from_numpy(samples()).flatten(1)
    responses = Responses({name: OBSERVABLES[name]}, ENSEMBLE)
    with torch.no_grad():
        means_j = responses.moments(model(x_nD)).mean(0).numpy()
    slopes_aj = responses.slopes(OBSERVABLES[name], means_j)
    rows_njD = gradients(lambda x_nD: responses.moments(model(x_nD)), x_nD).numpy()
    gram_DD = averaged_gram(np.einsum('aj,njD->naD', slopes_aj, rows_njD))
    result = analysed(family)[name]
    np.testing.assert_allclose(values_of(result, 'response'), roots(gram_DD), rtol=1e-7,
                               atol=1e-9 * result['response'].max())
    assert (result['response'] >= 0).all()


def test_the_linear_optimum_passes_the_waves_that_it_keeps_unchanged_and_no_others():
    result = analysed('fourier')['autoencoder']
    kept_dyx = model_of('fourier').encoder.weight.detach().numpy().reshape(LATENT, SIZE, SIZE)
    expected_yx = (abs(np.fft.fft2(kept_dyx)) ** 2).sum(0) / SIZE**2
    np.testing.assert_allclose(result['transfer'], expected_yx, atol=1e-6)
    np.testing.assert_allclose(result['value'] ** 2, result['overlap'], atol=1e-6)
    np.testing.assert_allclose(result['sample'], 1, rtol=1e-6)
    assert result['transfer'].sum() == pytest.approx(LATENT, abs=1e-5)
    assert result['sample_error'].max() < 1e-12


def free_fields(n, L, kappa=0.24):
    noise = np.random.default_rng(3).normal(size=(n, L, L))
    return np.fft.ifft2(np.fft.fft2(noise) * np.sqrt(free_propagator(L, kappa))).real


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
def test_on_gaussian_fields_the_overlap_is_the_regression_of_what_comes_back(family):
    """By Stein's lemma, <phi~* A~> = G(p) <e_p^* J e_p>, for any function A of normal fields."""
    phi_nyx = free_fields(400, SIZE)
    found = analysed(family, phi_nyx)['autoencoder']
    kept = momentum.analyse(MPI.COMM_SELF, model_of(family), phi_nyx, 0, len(phi_nyx), 0.0)
    error_o = np.hypot(found['overlap_error'], kept['regression_error'])
    assert (abs(found['overlap'] - kept['regression']) < 4 * error_o).all()
    assert error_o[0] < 0.01 * found['overlap'][0]


@pytest.fixture(scope='module')
def exact():
    """What the linear optimum of 64 latents does at L = 32."""
    L = 32
    return analysed(network('fourier', 64, L), free_fields(32, L), ensemble=Ensemble(L, 0.24, 0.0))


def test_magnetisation_of_the_linear_optimum_has_one_value(exact):
    """M is <phi, constant> / Omega^(1/2), and the constant wave passes."""
    result = exact['magnetisation']
    assert result['response'][0] == pytest.approx(1 / 32, rel=1e-6)
    assert result['response'][1:].max() < 1e-9
    assert result['participation'] == pytest.approx(1)
    assert result['parity'] == pytest.approx(1)
    assert result['singular_values'][1:].max() < 1e-6 * result['singular_values'][0]


def test_propagator_of_the_linear_optimum_has_a_multiplet_for_each_kept_momentum(exact):
    """2 G(0)^(1/2) once, and G(p)^(1/2) / 2 for the four waves of each kept p on the axes."""
    result, variance_o = exact['propagator'], exact['decoder']['variance']
    expected_o = np.where(result['n_x'] > 0, 0.5, 2.0) * np.sqrt(variance_o)
    kept_o = (result['n_y'] == 0) & (result['n_x'] <= 4)
    np.testing.assert_allclose(result['response'], np.where(kept_o, expected_o, 0), rtol=1e-6,
                               atol=1e-6)
    np.testing.assert_allclose(result['relative'][kept_o], [2, *[0.5] * 4], rtol=1e-6)
    assert (values_of(result, 'response') > 1e-6).sum() == 17
    assert result['parity'] == pytest.approx(-1)


def test_the_decoder_is_seen_in_units_of_the_fields_deviation(exact):
    """Of the linear optimum each value is the root of G(p), whatever the latents' own units."""
    result = exact['decoder']
    np.testing.assert_allclose(result['value'][:3], np.sqrt(result['variance'][:3]), rtol=1e-6)
    assert result['sample'][0] == pytest.approx(np.sqrt(result['variance'].max()), rel=1e-6)
    np.testing.assert_allclose(result['singular_values'], result['sample'], rtol=1e-6)
    np.testing.assert_allclose(result['direction_variance'], result['sample'][:3] ** 2, rtol=1e-3)


class Sinh(nn.Module):
    def forward(self, y):
        return torch.sinh(0.3 * y)


class Arsinh(nn.Module):
    def forward(self, y):
        return torch.arcsinh(y) / 0.3


def relabelled(model, there, back):
    """Return the model with latents h(y) in place of y."""
    other = copy.deepcopy(model).double()
    other.encoder, other.decoder = (nn.Sequential(other.encoder, there),
                                    nn.Sequential(back, other.decoder))
    return other


@pytest.mark.parametrize('name', NAMES)
@pytest.mark.parametrize('kind', ['linear', 'curved'])
def test_nothing_depends_on_how_latents_are_labelled(kind, name):
    there, back = Sinh(), Arsinh()
    if kind == 'linear':
        there, back = (nn.Linear(LATENT, LATENT, bias=False).double() for _ in range(2))
        with torch.no_grad():
            there.weight.copy_(torch.diag(torch.arange(1.0, 8)) + 0.3)
            back.weight.copy_(torch.linalg.inv(there.weight))
    model = model_of('dense').double()
    plain, other = analysed(model)[name], analysed(relabelled(model, there, back))[name]
    of_labels = {'directions'} if kind == 'linear' else {
        'directions', 'lattice_directions', 'singular_values', 'power', 'direction_variance'}
    assert plain.keys() == other.keys()
    for key in plain.keys() - of_labels:
        np.testing.assert_allclose(other[key], plain[key], rtol=1e-6,
                                   atol=1e-7 * abs(plain[key]).max(), err_msg=key)


def test_a_stack_beyond_the_rank_of_a_sample_is_turning():
    """A block spin does not move with shifts by a site, and a matrix does not turn otherwise."""
    assert analysed('fourier')['autoencoder']['turning'] < 0.35
    assert analysed(network('fourier', 1, SIZE))['autoencoder']['turning'] < 1e-12
    found = analysed(network('kadanoff', L=SIZE, block=2))['autoencoder']
    value_r = values_of(found, 'value')
    assert found['turning'] == pytest.approx((value_r[9:] ** 2).sum() / (value_r**2).sum())
    assert found['turning'] > 0.2
    assert np.isnan(multiplets.turning(np.zeros(2), np.ones(2, int), 1))


def by_name(found, key):
    """Return {(one, other): angle in degrees}."""
    names = [name.decode() for name in found['observable']]
    return {(one, other): found[key][i, j] for i, one in enumerate(names)
            for j, other in enumerate(names)}


def test_angles_of_the_linear_optimum_are_those_of_closed_forms(exact):
    """M and U_L see the constant wave alone; ln G sees it with 2, and four waves a momentum on the
    axes with 1/2 each."""
    found, of_h = exact['angles'], exact['hopping']
    angle, beyond = by_name(found, 'all'), by_name(found, 'beyond')
    assert angle['magnetisation', 'binder'] < 1e-5
    sixteen = 4 / np.sqrt(4**2 + 16 * 0.5**4)
    assert angle['magnetisation', 'propagator'] == pytest.approx(
        np.degrees(np.arccos(sixteen)), rel=1e-6)
    assert np.isnan(beyond['magnetisation', 'hopping'])
    count_o, h_o = of_h['momenta'][1:], of_h['scaled'][1:] ** 2
    on_axis_o = (of_h['n_y'] == 0)[1:] & (of_h['n_x'] <= 4)[1:]
    cosine = (count_o * h_o)[on_axis_o].sum() / np.sqrt((count_o * h_o**2).sum() * 16)
    expected = np.degrees(np.arccos(cosine))
    assert beyond['propagator', 'hopping'] == pytest.approx(expected, rel=1e-6)
    np.testing.assert_allclose(found['all'], found['all'].T, atol=1e-6)
    chance_m = by_name(found, 'chance_all')['magnetisation', 'binder']
    assert chance_m == pytest.approx(np.degrees(np.arccos(1 / 64)), abs=0.1)


def test_chance_is_the_mean_over_random_rotations():
    rng, waves = np.random.default_rng(4), 5
    one, other = np.array([4.0, 1, 1, 0, 0]), np.array([1.0, 1, 0.5, 0.1, 0])
    cosines = []
    for _ in range(4000):
        turn = np.linalg.qr(rng.normal(size=(waves, waves)))[0]
        cosines.append(np.trace(np.diag(one) @ turn @ np.diag(other) @ turn.T)
                       / np.linalg.norm(one) / np.linalg.norm(other))
    expected = np.cos(np.radians(angles.chance(np.array([one, other]), np.ones(waves), waves)))
    error = np.std(cosines) / len(cosines) ** 0.5
    assert abs(np.mean(cosines) - expected[0, 1]) < 4 * error


def test_one_sample_is_a_median_that_a_single_steep_sample_does_not_move():
    value_ni = np.array([[value, 1.0] for value in (1.0, 1.1, 0.9, 1.0, 900.0)])
    found = multiplets.of_samples('one', value_ni)
    assert found['one'][0] == 1.0
    assert found['one_upper'][0] == 1.1
    assert found['one_error'][0] == pytest.approx(0.929 * 0.1 / 5**0.5)


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
def test_medians_and_shares_are_those_of_the_jacobians_of_samples(family):
    """The medians are over all samples, or the first eight of each block where these have more."""
    for count in (16, 40, 144):
        phi_nyx = samples(count)
        found = analysed(family, phi_nyx, observables=ONE)
        result, deviation_o = found['autoencoder'], np.sqrt(found['decoder']['variance'])
        value_no = np.array([roots_of_waves(jac_DD) for jac_DD in jacobian_of(family, phi_nyx)])
        value_bno = [value_no[part] for part in block_slices(0, count, count)]
        median_o = np.median(np.concatenate([value_no[:8] for value_no in value_bno]), 0)
        np.testing.assert_allclose(result['sample_value'], median_o, rtol=1e-9)
        np.testing.assert_allclose(found['decoder']['sample_value'], median_o * deviation_o,
                                   rtol=1e-9)
        for group, weight_o in ((result, 1), (found['decoder'], deviation_o**2)):
            square_b = [(value_no**2 @ (weight_o * result['momenta'])).sum()
                        for value_no in value_bno]
            np.testing.assert_allclose(group['shares'], square_b / np.sum(square_b), rtol=1e-9)


def roots_of_waves(jac_DD):
    """Return the root mean square of |J e_p| over the momenta of each orbit, (o,)."""
    waves_yxD = np.fft.fft2(jac_DD.reshape(-1, SIZE, SIZE)) / SIZE
    square_yx = (abs(waves_yxD) ** 2).sum(0)
    orbit_D = numbered(SIZE).ravel()
    return np.sqrt(np.bincount(orbit_D, square_yx.ravel()) / np.bincount(orbit_D))


def test_sums_are_no_larger_for_more_samples_and_none_is_of_two_fields(monkeypatch):
    seen = []

    def spy(comm, sums_b, whole):
        seen.append({name: array.shape for name, array in (sums_b[0] | whole).items()})
        return gather_blocks(comm, sums_b, whole)

    monkeypatch.setattr(analysis, 'gather_blocks', spy)
    for n in (20, 60):
        analysed('dense', samples(n))
    assert seen[0] == seen[1]
    orbits, pairs = 10, 3
    assert seen[0]['value'] == (orbits,)
    assert seen[0]['binder'] == (pairs, orbits)
    assert all(np.prod(shape) <= SIZE**2 * LATENT for shape in seen[0].values())


def test_what_is_not_defined_is_left_out_and_said(caplog, monkeypatch):
    """A decoder that drops the zero mode has no Binder cumulant."""
    monkeypatch.setattr(log, 'propagate', True)
    model = model_of('fourier')
    with torch.no_grad():
        model.decoder.weight -= model.decoder.weight.mean(0)
    assert set(analysed(model)) == {*NAMES, 'angles'} - {'binder'}
    assert 'binder' in caplog.text


def test_a_decoder_that_makes_nothing_has_no_responses():
    model = model_of('fourier')
    with torch.no_grad():
        model.decoder.weight.zero_()
    with np.errstate(all='ignore'):
        found = analysed(model)
    assert set(found) == {'autoencoder', 'decoder'}
    assert not found['autoencoder']['value'].any()


def test_what_is_not_defined_without_some_samples_has_no_error():
    """The magnetisation is in the first samples alone: without them there is no Binder cumulant."""
    phi_nyx = samples()
    phi_nyx[2:] -= phi_nyx[2:].mean((1, 2), keepdims=True)
    binder = analysed('fourier', phi_nyx)['binder']
    assert binder['response'][0] > 0
    assert np.isnan(binder['response_error']).all()


@pytest.mark.parametrize('family', ['dense', 'convolutional'])
def test_results_do_not_depend_on_how_many_samples_fit_into_memory(monkeypatch, family):
    whole = analysed(family)
    monkeypatch.setattr(jacobians, 'SAMPLES_BYTES', 1)
    for name, arrays in analysed(family).items():
        for key, array in arrays.items():
            if array.dtype.kind == 'f':
                np.testing.assert_allclose(array, whole[name][key], rtol=1e-6, atol=1e-7,
                                           err_msg=f'{name}/{key}')


@pytest.mark.parametrize('family', [
    'dense', pytest.param('convolutional', marks=pytest.mark.long)])
def test_jackknife_error_is_the_spread_over_independent_ensembles(family):
    ensembles = samples(20 * 48).reshape(20, 48, SIZE, SIZE)
    results = [analysed(family, phi_nyx) for phi_nyx in ensembles]
    for name, key in (('autoencoder', 'value'), ('autoencoder', 'overlap'), ('decoder', 'value'),
                      ('binder', 'response'), ('propagator', 'scaled')):
        values = [result[name][key][1] for result in results]
        errors = [result[name][f'{key}_error'][1] for result in results]
        assert 0.6 < np.mean(errors) / np.std(values) < 1.6, (name, key)


def test_one_sample_is_enough_but_has_no_error():
    result = analysed('dense', samples(1))['autoencoder']
    assert np.isfinite(result['value']).all()
    assert np.isnan(result['value_error']).all()


def written(tmp_path, results, **attributes):
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), results, samples(2), samples(2), **attributes)
    return tmp_path / 'latent.h5'


def test_xarray_sees_names_and_coordinates_of_all_dimensions(tmp_path):
    path = written(tmp_path, analysed('dense'))
    seen = xarray.open_datatree(path, engine='h5netcdf')['model']
    assert seen['autoencoder'].value.dims == seen['binder'].response_error.dims == ('orbit',)
    assert seen['autoencoder'].sample.dims == ('singular_value',)
    assert seen['autoencoder'].turning.dims == ()
    assert seen['decoder'].directions.dims == ('direction', 'latent')
    assert seen['decoder'].lattice_directions.dims == ('direction', 'y', 'x')
    assert seen['propagator'].power.dims == ('direction', 'orbit')
    assert seen['autoencoder'].transfer_error.dims == ('p_y', 'p_x')
    assert seen['angles']['all'].dims == ('observable', 'other')
    assert [name.decode() for name in seen['angles'].observable.values] == list(OBSERVABLES)
    momenta = 2 * np.pi * np.fft.fftfreq(SIZE)
    np.testing.assert_array_equal(seen['autoencoder'].p_x, momenta)
    assert seen['examples'].original.dims == ('example', 'y', 'x')


def test_layout_of_the_file(tmp_path):
    results = analysed('dense')
    with h5py.File(written(tmp_path, results, L=SIZE, family='dense')) as file:
        group = file['model']
        assert set(group) == {*NAMES, 'angles', 'examples'}
        assert dict(group.attrs) == {'L': SIZE, 'family': 'dense'}
        for name, arrays in results.items():
            for key, array in arrays.items():
                np.testing.assert_array_equal(group[name][key][()], array)
                if array.ndim and not key.endswith('_error') and name in NAMES:
                    assert array.shape[-1] in (len(coordinates(SIZE)['p_hat']), LATENT, SIZE, 3,
                                               BLOCKS)
