"""Every observable says one thing of series and fields, to NumPy, torch and pyerrors alike.

All tests of the contract take every file of lattice/observables/, so that a new one is tested
because it exists.
"""

import numpy as np
import pytest
import torch

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.lattice.draws import Draws, NoFields
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.lattice.observable import EVERYWHERE, FOLDER, Ensemble, chosen, load, moments
from phi4hpc.statistics.means import averaged
from tests.series import series_of

NAMES = plugins.names(FOLDER)
L = 8
ENSEMBLE = Ensemble(L, 0.26, 0.02)


@pytest.fixture(scope='module')
def phi():
    """Return fields phi_cnyx with strong long waves, so that every observable is defined."""
    rng = np.random.default_rng(4)
    p = 2 * np.pi * np.fft.fftfreq(L)
    damping = (0.1 + 4 * np.sin(p[:, None] / 2) ** 2 + 4 * np.sin(p / 2) ** 2) ** -0.5
    return np.fft.ifft2(damping * np.fft.fft2(rng.normal(size=(2, 500, L, L)))).real


def value_of(observable, draws):
    """Return the value from plain means, as an array."""
    means = {key: array.mean((0, 1)) for key, array in observable.moments(draws).items()}
    return np.asarray(observable.value(means, ENSEMBLE))


@pytest.mark.parametrize('name', NAMES)
def test_series_and_fields_give_the_same_value(name, phi):
    observable, of_series = load(name), Draws.of_series(L, series_of(phi))
    if observable.needs_fields:
        with pytest.raises(NoFields):
            observable.moments(of_series)
    else:
        expected = value_of(observable, Draws.of_fields(phi))
        np.testing.assert_allclose(value_of(observable, of_series), expected, rtol=1e-12)


@pytest.mark.parametrize('name', NAMES)
def test_torch_and_numpy_give_the_same_value(name, phi):
    observable = load(name)
    draws = Draws.of_fields(torch.from_numpy(phi).requires_grad_())
    means = {key: tensor.mean((0, 1)) for key, tensor in observable.moments(draws).items()}
    value = observable.value(means, ENSEMBLE)
    value = torch.stack(value) if isinstance(value, list) else value
    assert value.requires_grad
    expected = value_of(observable, Draws.of_fields(phi))
    np.testing.assert_allclose(value.detach(), expected, rtol=1e-12)


@pytest.mark.parametrize('name', NAMES)
def test_obs_have_the_value_of_numbers_and_an_error(name, phi):
    observable, draws = load(name), Draws.of_fields(phi)
    found = observable.value(averaged(observable.moments(draws)), ENSEMBLE)
    found = found if observable.argument_name else [found]
    for obs in found:
        obs.gamma_method()
        assert obs.dvalue > 0
    expected = np.atleast_1d(value_of(observable, draws))
    np.testing.assert_allclose([obs.value for obs in found], expected, rtol=1e-12)


@pytest.mark.parametrize('name', NAMES)
def test_values_that_are_a_list_have_an_argument(name, phi):
    observable = load(name)
    value = value_of(observable, Draws.of_fields(phi))
    assert value.ndim == (observable.argument_name is not None)
    if value.ndim:
        assert len(value) == len(observable.argument(L))


@pytest.mark.parametrize('name', NAMES)
def test_labels_are_mathematics_that_figures_can_set(name):
    from matplotlib.mathtext import MathTextParser

    observable = load(name)
    for label in observable.label, observable.long_label:
        assert label[0] == label[-1] == '$'
        MathTextParser('path').parse(label)
    assert set(observable.estimated) <= set(EVERYWHERE)


def test_moments_of_one_name_are_one_moment(phi):
    """They are averaged once for all observables that have them."""
    shared, found = moments({name: load(name) for name in NAMES}, Draws.of_fields(phi)), {}
    for name in NAMES:
        for key, array in load(name).moments(Draws.of_fields(phi)).items():
            np.testing.assert_array_equal(array, shared[key], err_msg=f'{name}: {key}')
            found.setdefault(key, []).append(name)
    assert len(found['m2']) > 2


@pytest.mark.parametrize('name', ['binder', 'correlation_length', 'correlation_ratio'])
def test_what_divides_by_rounding_errors_is_not_defined(name):
    rounding = 1e-9 * np.random.default_rng(1).normal(size=(2, 50, L, L))
    observable = load(name)
    found = averaged(observable.moments(Draws.of_fields(rounding)))
    assert observable.value(found, ENSEMBLE) is None


def test_a_second_moment_length_is_not_defined_where_the_zero_mode_is_the_lesser():
    wave = np.cos(2 * np.pi * np.arange(L) / L) * np.ones((1, 10, L, 1))
    assert load('correlation_length').value({'m2': 0.0, 'mode': 1.0}, ENSEMBLE) is None
    means = averaged(load('correlation_ratio').moments(Draws.of_fields(wave)))
    assert load('correlation_ratio').value(means, ENSEMBLE) is None


def test_lines_are_cut_from_the_full_propagator():
    phi = np.random.default_rng(4).normal(size=(3, 12, 12))
    draws, n = Draws.of_fields(phi), np.arange(7)
    full = abs(np.fft.fft2(phi)) ** 2 / 144
    axes, diagonals = full[:, 0, :7] + full[:, :7, 0], full[:, n, n] + full[:, -n, n]
    np.testing.assert_allclose(draws.axis_propagator, axes / 2, rtol=1e-12)
    np.testing.assert_allclose(draws.diagonal_propagator, diagonals / 2, rtol=1e-9)
    np.testing.assert_allclose(draws.mode, axes[:, 1] / 2, rtol=1e-12)
    assert lattice_momentum(12)[[0, 3, 6]].tolist() == pytest.approx([0, np.sqrt(2), 2])
    assert lattice_momentum(12, 2)[6] == pytest.approx(np.sqrt(8))


def test_correlator_is_that_of_sums_over_time_slices():
    phi = np.random.default_rng(5).normal(size=(3, 6, 6))
    slices = [np.stack([(s * np.roll(s, -t, -1)).sum(-1) for t in range(4)], -1)
              for s in (phi.sum(-1), phi.sum(-2))]
    expected = sum(slices) / 2 / 36
    np.testing.assert_allclose(Draws.of_fields(phi).correlator, expected, rtol=1e-12)


OWN = """
LABEL = r'$S/\\Omega$'

def moments(draws):
    return {'m2': draws.phi2, 'phi4': draws.phi4, 'hopping': draws.hopping}

def value(mean, ensemble):
    lam = ensemble.lam
    kinetic = -2 * ensemble.kappa * mean['hopping']
    return kinetic + (1 - 2 * lam) * mean['m2'] + lam * mean['phi4']
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a function that writes a module of the user's and returns its dotted path."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / name).mkdir()
        (tmp_path / name / 'energy.py').write_text(text)
        return f'{name}.energy'

    return write


def test_an_observable_of_the_user_stands_beside_ours(own, phi):
    """It is found by a dotted path, and what it calls m2 is not what ours call so."""
    name = own('mygroup_a', OWN)
    both = {each: load(each) for each in (name, 'binder')}
    for draws in (Draws.of_fields(phi), Draws.of_series(L, series_of(phi))):
        means = averaged(moments(both, draws))
        action = both[name].value(means, ENSEMBLE)
        expected = -2 * 0.26 * draws.hopping + 0.96 * draws.phi2 + 0.02 * draws.phi4
        assert action.value == pytest.approx(expected.mean())
        assert both['binder'].value(means, ENSEMBLE).value == pytest.approx(
            value_of(both['binder'], draws))
    assert (both[name].label, both[name].words) == (r'$S/\Omega$', 'energy')
    assert all(name in chosen(place, [name]) for place in EVERYWHERE)


@pytest.mark.parametrize(('text', 'said'), [
    ('LABEL = "$x$"', 'expected an observable'),
    ('LABEL = "$x$"\ndef moments(draws): return {"x": draws.spin}', "no attribute 'spin'"),
    ('LABEL = "$x$"\ndef moments(draws): return {"x": draws.phi.sum()}', 'has the shape'),
    ('LABEL = "$x$"\ndef moments(draws): return {"x": draws.phi2, "y": draws.phi4}', '2 moments'),
    (OWN.replace("mean['m2']", "mean['phi2']"), 'KeyError'),
    ('import nothing_of_the_kind', 'cannot be imported'),
])
def test_what_is_wrong_with_a_users_observable_is_one_line(own, text, said, request):
    name = own(f'mygroup_{abs(hash(text))}', text)
    with pytest.raises(UserError, match=said) as caught:
        load(name)
    assert '\n' not in str(caught.value)
    assert name in str(caught.value)
