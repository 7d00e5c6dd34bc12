"""What a model keeps of the information on couplings, against what free fields have exactly."""

import h5py
import numpy as np
import pytest
import xarray
from mpi4py import MPI

from phi4hpc.latent import crossvalidation, information, invariants, latentfile, prediction
from phi4hpc.latent.information import NAMES
from phi4hpc.latent.network import UNITS
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.lattice.shells import bands, kept_shells
from tests.autoencoders import free_propagator, moved, network
from tests.conditional import of_free_fields

SIZE = 8
LEARN, TEST = 3000, 1500
ALL = np.ones((SIZE, SIZE), bool)


def draws(n, seed=5):
    """Gaussian fields of the free propagator, (n, y, x)."""
    noise_nyx = np.random.default_rng(seed).standard_normal((n, SIZE, SIZE))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * np.sqrt(free_propagator(SIZE))).real


def cut(weight_yx):
    """Return the map that multiplies each wave by a weight."""
    return lambda phi_nyx: np.fft.ifft2(np.fft.fft2(phi_nyx) * weight_yx).real


def judged(mapped, learn=LEARN, test=TEST, seed=5):
    phi_nyx = draws(learn + test, seed)
    return information.analyse(MPI.COMM_SELF, mapped, np.array_split(phi_nyx[:learn], 10),
                               phi_nyx[learn:], 0, test)


def pull(found, name, exact):
    return (found[name] - exact) / found[f'{name}_error']


def exactly(below_yx):
    """Return the parts of the information on kappa and on lambda in some waves."""
    power_yx = free_propagator(SIZE)
    return of_free_fields(power_yx * below_yx, power_yx) / of_free_fields(power_yx, power_yx)


def on_kappa(below_yx):
    return exactly(below_yx)[0]


@pytest.mark.parametrize('latent', [1, 5, 21])
def test_a_momentum_cut_keeps_of_free_fields_what_is_exact(latent):
    below_yx, power_yx = kept_shells(latent, SIZE), free_propagator(SIZE)
    found = judged(cut(below_yx))
    assert abs(pull(found, 'kappa', on_kappa(below_yx))) < 4
    assert abs(pull(found, 'variance', power_yx[below_yx].sum() / power_yx.sum())) < 4
    assert found['field'] == pytest.approx(1, abs=1e-9)
    assert abs(pull(found, 'lambda', exactly(below_yx)[1])) < 4
    assert 1e-4 < found['kappa_error'] < 0.05


def test_the_network_does_not_find_more_than_there_is(monkeypatch):
    """Also where it may not be left out, it stays within the exact number."""
    monkeypatch.setattr(crossvalidation, 'choice', lambda rest_cc, others_vcc, count, centred:
                        np.full(count, 2))
    below_yx = kept_shells(5, SIZE)
    found = judged(cut(below_yx))
    assert found['kappa_network'] != 0
    assert abs(pull(found, 'kappa', on_kappa(below_yx))) < 4
    assert found['kappa_network'] < 3 * found['kappa_network_error']


def test_where_the_quadratic_form_says_all_the_network_is_left_out():
    found = judged(cut(kept_shells(21, SIZE)))
    assert abs(found['kappa_network']) <= 2 * found['kappa_network_error']
    assert abs(found['field_network']) < 1e-6


def ripples(phi_nyx):
    """A statistic of single sites that no form of low degree has, in place of that of lambda."""
    even_nt, odd_nt = invariants.statistics(phi_nyx)
    return np.stack([even_nt[:, 0], np.cos(4 * phi_nyx).mean((1, 2))], 1), odd_nt


@pytest.mark.parametrize(('learn', 'test'), [(0, 3000), (2000, 1000)])
def test_the_network_finds_a_local_statistic_that_the_quadratic_form_misses(
        monkeypatch, learn, test):
    """By cross-validation alone, and with other draws to fit to."""
    monkeypatch.setattr(prediction, 'statistics', ripples)
    found = judged(cut(ALL), learn, test)
    assert found['lambda_network'] > 0.7 > 20 * found['lambda_network_error']
    monkeypatch.setattr(crossvalidation, 'RIDGES', (np.inf,))
    assert judged(cut(ALL), learn, test)['lambda'] == pytest.approx(
        found['lambda'] - found['lambda_network'])


def test_a_statistic_that_has_nothing_to_do_with_the_fields_is_not_predicted(monkeypatch):
    """The choice of a ridge does not make a bound that is too good: no draw judges itself."""
    rng = np.random.default_rng(4)
    monkeypatch.setattr(prediction, 'statistics', lambda phi_nyx: (
        rng.standard_normal((len(phi_nyx), 2)), rng.standard_normal((len(phi_nyx), 1))))
    found = judged(cut(ALL), 0, 600)
    for name in NAMES[:3]:
        assert -0.2 < found[name] < 2 * found[f'{name}_error']


def test_units_that_say_nothing_have_no_part_in_a_prediction_by_chance():
    """In 7 of these 200 sets of draws they would be better by one error, in 34 by less."""
    rng, blocks, count = np.random.default_rng(1), 8, 60
    taken = 0
    for _ in range(200):
        feature_bnf = rng.standard_normal((blocks, count, 3))
        noise_bn1 = 0.5 * rng.standard_normal((blocks, count, 1))
        unit_bnu = rng.standard_normal((blocks, count, UNITS)) * (np.arange(UNITS) == 0)
        statistic_bn1 = feature_bnf.sum(2, keepdims=True) + noise_bn1
        column_bnc = np.concatenate([np.ones_like(noise_bn1), statistic_bn1, feature_bnf, unit_bnu,
                                     feature_bnf], 2)
        gram_bcc = np.einsum('bnc,bnd->bcd', column_bnc, column_bnc)
        taken += crossvalidation.choice(gram_bcc.sum(0), gram_bcc, 1, True)[0] > 0
    assert taken < 4


def test_odd_statistics_have_no_mean_whatever_a_few_draws_say():
    column_nc = np.random.default_rng(1).standard_normal((50, 8)) + 1
    column_nc[:, 0] = 1
    odd = prediction.regression(column_nc.T @ column_nc, 1, centred=False)
    assert not odd.statistics_t.any()
    assert not odd.features_f.any()
    even = prediction.regression(column_nc.T @ column_nc, 1, centred=True)
    np.testing.assert_allclose(even.statistics_t, column_nc[:, 1:2].mean(0))


def test_another_statistic_than_that_of_the_coupling_is_seen(monkeypatch):
    def diagonal(phi_nyx):
        return (phi_nyx * np.roll(phi_nyx, (1, 1), (1, 2))).sum((1, 2)) * 2

    monkeypatch.setattr(invariants, 'hopping', diagonal)
    below_yx = kept_shells(21, SIZE)
    assert abs(pull(judged(cut(below_yx)), 'kappa', on_kappa(below_yx))) > 8


def test_a_site_of_each_block_knows_of_the_mean_what_its_aliases_leave():
    """Waves that decimation cannot tell from p = 0 are noise to M."""
    model, power_yx = network('decimation', L=SIZE, block=2), free_propagator(SIZE)
    found = judged(lambda phi_nyx: reconstruct(model, phi_nyx))
    exact = power_yx[0, 0] / power_yx[::SIZE // 2, ::SIZE // 2].sum()
    assert exact < 0.98
    assert abs(pull(found, 'field', exact)) < 4


def test_what_is_kept_grows_with_what_is_seen():
    """Data processing: a map that sees more keeps more, within errors, of every coupling."""
    of_sizes = [judged(cut(kept_shells(latent, SIZE))) for latent in (1, 5, 9, 21, 37, 64)]
    for name in NAMES:
        for less, more in zip(of_sizes, of_sizes[1:], strict=False):
            assert 0 <= less[name] <= 1 + 1e-9
            error = np.hypot(less[f'{name}_error'], more[f'{name}_error'])
            assert more[name] > less[name] - 2 * error - 1e-9
        assert of_sizes[-1][name] == pytest.approx(1, abs=1e-6)


def test_a_linear_rescaling_of_waves_loses_nothing_but_likeness():
    weight_yx = np.sqrt(0.1 + 1 / free_propagator(SIZE))
    found, one_to_one = judged(cut(weight_yx)), judged(cut(ALL))
    assert found['variance'] < 0.9
    assert found['kappa'] == pytest.approx(one_to_one['kappa'], abs=0.01)


def test_fields_that_have_nothing_to_do_with_the_draws_keep_nothing():
    rng = np.random.default_rng(3)
    found = judged(lambda phi_nyx: rng.standard_normal(phi_nyx.shape))
    for name in NAMES[:3]:
        assert -0.1 < found[name] < 0.05
    assert found['variance'] < 0


def test_errors_are_the_spread_over_independent_draws():
    model = moved(network('dense', 13, SIZE, hidden=20), 0.05)
    results = [judged(lambda phi_nyx: reconstruct(model, phi_nyx), 800, 320, seed)
               for seed in range(24)]
    for name in NAMES:
        value, error = (np.array([result[key] for result in results])
                        for key in (name, f'{name}_error'))
        assert 0.7 < error.mean() / value.std() < 1.5, name


def test_fields_that_vanish_keep_nothing_that_is_defined():
    found = information.analyse(MPI.COMM_SELF, cut(ALL), [np.zeros((3, SIZE, SIZE))],
                                np.zeros((4, SIZE, SIZE)), 0, 4)
    assert all(np.isnan(found[name]) for name in NAMES)


def test_power_in_bands_is_all_there_is():
    phi_nyx = draws(3)
    np.testing.assert_allclose(invariants.power(phi_nyx).sum(1), (phi_nyx**2).mean((1, 2)))
    band_yx = bands(SIZE)
    expected = [(abs(np.fft.fft2(phi_nyx))**2)[:, band_yx == b].sum(1) / SIZE**4
                for b in range(band_yx.max() + 1)]
    np.testing.assert_allclose(invariants.power(phi_nyx), np.transpose(expected))


def test_xarray_sees_numbers(tmp_path):
    found = {'information': judged(cut(kept_shells(5, SIZE)), 100, 50)}
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        latentfile.write(file.create_group('model'), found, draws(2), draws(2))
    seen = xarray.open_datatree(tmp_path / 'latent.h5', engine='h5netcdf')['model/information']
    assert float(seen.kappa) == found['information']['kappa']
