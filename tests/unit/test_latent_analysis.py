"""Singular spectra: closed forms for `fourier`, the stacked Jacobians themselves for `dense`."""

import h5py
import numpy as np
import pytest
import torch
import xarray
from mpi4py import MPI

from phi4hpc.latent import analysis, jacobians, latentfile
from phi4hpc.latent.analysis import analyse
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian
from phi4hpc.latent.singular import right_directions, signed
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.logs import log
from phi4hpc.parallel.jackknife import jackknife
from tests.autoencoders import moved, network

SIZE, LATENT, SAMPLES = 6, 7, 40
ENSEMBLE = Ensemble(SIZE, 0.269, 0.02)
OBSERVABLES = {name: load(name) for name in ('magnetisation', 'binder', 'propagator')}
NAMES = 'decoder', 'autoencoder', *OBSERVABLES


def model_of(family):
    if family == 'fourier':
        return network('fourier', LATENT, SIZE)
    return moved(network('dense', LATENT, SIZE, hidden=20), 0.1)


def samples(n=SAMPLES):
    rng = np.random.default_rng(5)
    return rng.standard_normal((n, SIZE, SIZE)) + 2 * rng.choice([-1, 1], (n, 1, 1))


def analysed(family, phi_nyx=None, directions=3):
    phi_nyx = samples() if phi_nyx is None else phi_nyx
    return analyse(MPI.COMM_SELF, model_of(family), phi_nyx, 0, len(phi_nyx), directions,
                   OBSERVABLES, ENSEMBLE)


def stacked_jacobians(family):
    """Return {name: rows / sqrt(N)}, written out in full, each observable in closed form."""
    model, x_nD = model_of(family).double(), torch.from_numpy(samples()).flatten(1)
    with torch.no_grad():
        y_nd = model.encode(x_nD)
        decoded_nD, jac_nDd = model.decode(y_nd), decoder_jacobian(model, y_nd)
        m_n = decoded_nD.mean(1)
        slope_n1d = jac_nDd.mean(1, keepdim=True)
        m2, m4 = m_n.square().mean(), m_n.pow(4).mean()
        c_n = -4 * m_n**3 / (3 * m2**2) + 4 * m4 * m_n / (3 * m2**3)
        stacks = {'decoder': jac_nDd, 'autoencoder': jac_nDd @ encoder_jacobian(model, x_nD),
                  'magnetisation': slope_n1d, 'binder': c_n[:, None, None] * slope_n1d,
                  'propagator': propagator_jacobian(decoded_nD) @ jac_nDd}
    return {name: (stack.flatten(0, 1) / SAMPLES**0.5).numpy() for name, stack in stacks.items()}


def propagator_jacobian(x_nD):
    """Return d |phi~(p)|^2 / dphi(x) / Omega = 2 Re(phi~(p) e^{ipx}) / Omega, mean of both axes."""
    phi_nyx, angle = x_nD.unflatten(1, (SIZE, SIZE)), 2 * np.pi * torch.arange(SIZE) / SIZE
    rows = []
    for n in range(SIZE // 2 + 1):
        wave_x = torch.exp(1j * n * angle).to(torch.complex128)
        along = [wave_x.expand(SIZE, SIZE), wave_x[:, None].expand(SIZE, SIZE)]
        rows.append(sum((2 * (torch.einsum('nyx,yx->n', phi_nyx + 0j, wave.conj())[:, None, None]
                              * wave).real) for wave in along) / (2 * SIZE**2))
    return torch.stack(rows, 1).flatten(2)


def test_linear_decoder_is_an_isometry_and_the_autoencoder_a_projection():
    results = analysed('fourier')
    np.testing.assert_allclose(results['decoder']['singular_values'], 1, rtol=1e-6)
    values = results['autoencoder']['singular_values']
    np.testing.assert_allclose(values[:LATENT], 1, rtol=1e-6)
    assert values[LATENT:].max() < 1e-6


def test_the_linear_optimum_passes_the_waves_that_it_keeps_and_no_others():
    result = analysed('fourier')['autoencoder']
    kept_dyx = model_of('fourier').sight().numpy().reshape(LATENT, SIZE, SIZE)
    expected_yx = (abs(np.fft.fft2(kept_dyx)) ** 2).sum(0) / SIZE**2
    np.testing.assert_allclose(result['transfer'], expected_yx, atol=1e-6)
    assert result['transfer'][0, 0] == pytest.approx(1, abs=1e-6)
    assert result['transfer'].sum() == pytest.approx(LATENT, abs=1e-5)


def test_transfer_is_the_response_of_the_autoencoder_to_plane_waves():
    """Each wave goes through the Jacobian of every sample, and what comes back is projected."""
    rows = stacked_jacobians('dense')['autoencoder'].reshape(SAMPLES, SIZE**2, SIZE**2)
    jac_DD = rows.sum(0) / SAMPLES**0.5
    y, x = np.mgrid[:SIZE, :SIZE]
    found_yx = analysed('dense')['autoencoder']['transfer']
    for ky, kx in np.ndindex(SIZE, SIZE):
        wave_D = np.exp(2j * np.pi * (ky * y + kx * x) / SIZE).ravel() / SIZE
        response = (wave_D.conj() @ jac_DD @ wave_D).real
        assert found_yx[ky, kx] == pytest.approx(response, abs=1e-9)


def test_magnetisation_of_a_linear_decoder_varies_along_one_direction_only():
    """M(G y) = 1.G y / Omega: the singular value is |G^T 1| / Omega = 1 / L, of the zero mode."""
    result = analysed('fourier')['magnetisation']
    np.testing.assert_allclose(result['singular_values'][0], 1 / SIZE, rtol=1e-6)
    assert result['singular_values'][1:].max() < 1e-7
    assert len(result['directions']) == 1
    constant = np.full((1, SIZE, SIZE), 1 / SIZE)
    np.testing.assert_allclose(result['lattice_directions'], constant, atol=1e-6)


def test_constant_jacobians_have_no_error():
    for name in ('decoder', 'magnetisation'):
        assert analysed('fourier')[name]['singular_values_error'][0] < 1e-12


@pytest.mark.parametrize('name', NAMES)
def test_spectra_are_those_of_the_stacked_jacobians(name):
    result, rows = analysed('dense')[name], stacked_jacobians('dense')[name]
    _, value, vector = np.linalg.svd(rows, full_matrices=False)
    np.testing.assert_allclose(result['singular_values'][:len(value)], value, rtol=1e-6,
                               atol=1e-7 * value[0])
    np.testing.assert_allclose(abs((result['directions'] * vector[:3]).sum(axis=1)), 1, rtol=1e-6)
    assert result['lattice_directions'].shape == (3, SIZE, SIZE)
    np.testing.assert_allclose((result['lattice_directions'] ** 2).sum((1, 2)), 1, rtol=1e-6)


def test_a_decoders_lattice_image_is_its_left_singular_vector_averaged_over_samples():
    result = analysed('dense')['decoder']
    left, _, right = np.linalg.svd(stacked_jacobians('dense')['decoder'], full_matrices=False)
    sign = np.sign(right[0] @ result['directions'][0])
    image_D = sign * left[:, 0].reshape(SAMPLES, -1).mean(axis=0)
    image_D /= np.linalg.norm(image_D)
    np.testing.assert_allclose(result['lattice_directions'][0].ravel(), image_D, atol=1e-6)


def test_sums_are_no_larger_than_what_the_encoder_looks_at(monkeypatch):
    """And none of the size of the lattice is kept of every block."""
    seen = []

    def spy(comm, blocks, estimate):
        seen.append({name: array.size for name, array in blocks.owned[0].items()})
        return jackknife(comm, blocks, estimate)

    monkeypatch.setattr(analysis, 'jackknife', spy)
    analysed('fourier')
    moments = 1 + 2 + SIZE // 2 + 1
    assert seen[0] == {'count': 1, 'decoder': LATENT**2, 'autoencoder': LATENT**2,
                       'transfer': SIZE**2, 'moments': moments, 'response magnetisation': LATENT**2,
                       'response binder': 3 * LATENT**2, 'response propagator': LATENT**2}


def test_what_is_not_defined_is_left_out_and_said(caplog, monkeypatch):
    """A decoder that drops the zero mode has no Binder cumulant."""
    monkeypatch.setattr(log, 'propagate', True)
    model = model_of('fourier')
    with torch.no_grad():
        model.decoder.weight -= model.decoder.weight.mean(0)
    results = analyse(MPI.COMM_SELF, model, samples(), 0, SAMPLES, 3, OBSERVABLES, ENSEMBLE)
    assert set(results) == {*NAMES} - {'binder'}
    assert 'binder' in caplog.text


def test_what_is_not_defined_without_some_samples_has_no_error(caplog):
    """The magnetisation is in the first samples alone: without them there is no Binder cumulant."""
    phi_nyx = samples()
    phi_nyx[2:] -= phi_nyx[2:].mean((1, 2), keepdims=True)
    binder = analysed('fourier', phi_nyx)['binder']
    assert binder['singular_values'][0] > 0
    assert np.isnan(binder['singular_values_error']).all()


def test_results_do_not_depend_on_how_many_samples_fit_into_memory(monkeypatch):
    whole = analysed('dense')
    monkeypatch.setattr(jacobians, 'SAMPLES_BYTES', 1)
    for name, arrays in analysed('dense').items():
        for key, array in arrays.items():
            np.testing.assert_allclose(array, whole[name][key], rtol=1e-6, atol=1e-7,
                                       err_msg=f'{name}/{key}')


def test_jackknife_error_is_the_spread_over_independent_ensembles():
    ensembles = samples(24 * 64).reshape(24, 64, SIZE, SIZE)
    results = [analysed('dense', phi_nyx) for phi_nyx in ensembles]
    for name in NAMES:
        values = [result[name]['singular_values'][0] for result in results]
        errors = [result[name]['singular_values_error'][0] for result in results]
        assert 0.6 < np.mean(errors) / np.std(values) < 1.6, name


def test_one_sample_is_enough_but_has_no_error():
    result = analysed('dense', samples(1))['decoder']
    assert np.isfinite(result['singular_values']).all()
    assert np.isnan(result['singular_values_error']).all()


def test_sign_of_a_direction_is_fixed():
    gram_kk = np.diag([3.0, 2.0, 1.0, 0.0])
    direction_rk = signed(-right_directions(gram_kk, 4))
    np.testing.assert_array_equal(direction_rk, np.eye(4)[:3])


def test_xarray_sees_names_and_coordinates_of_all_dimensions(tmp_path):
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), analysed('dense'), samples(2), samples(2))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')['model']
    assert seen['decoder'].directions.dims == ('direction', 'latent')
    assert seen['autoencoder'].directions.dims == ('direction', 'site')
    assert seen['autoencoder'].lattice_directions.dims == ('direction', 'y', 'x')
    assert seen['autoencoder'].transfer_error.dims == ('p_y', 'p_x')
    momenta = 2 * np.pi * np.fft.fftfreq(SIZE)
    np.testing.assert_array_equal(seen['autoencoder'].p_x, momenta)
    assert seen['examples'].original.dims == ('example', 'y', 'x')


def test_layout_of_the_file(tmp_path):
    results = analysed('dense')
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        group = file.create_group('model')
        examples = samples(2), samples(2)
        latentfile.write(group, results, *examples, L=SIZE, kappa=0.269, family='dense')
        assert set(group) == {*NAMES, 'examples'}
        assert dict(group.attrs) == {'L': SIZE, 'kappa': 0.269, 'family': 'dense'}
        for side in 'original', 'reconstructed':
            assert group[f'examples/{side}'].shape == (2, SIZE, SIZE)
        for name in NAMES:
            width = SIZE**2 if name == 'autoencoder' else LATENT
            assert group[name]['singular_values'].shape == (width,)
            assert group[name]['singular_values_error'].shape == (width,)
            assert group[name]['directions'].shape == (3, width)
            np.testing.assert_array_equal(group[name]['directions'], results[name]['directions'])
            assert group[name]['lattice_directions'].shape == (3, SIZE, SIZE)
