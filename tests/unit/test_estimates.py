"""Estimates against free fields, whose every value is known, and errors against the jackknife."""

import json

import numpy as np
import pytest

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.observable import Ensemble, chosen, load, moments
from phi4hpc.statistics.estimates import compared, plain
from phi4hpc.statistics.gamma import estimate
from phi4hpc.statistics.means import averaged, values
from tests.series import autoregressive, free_fields, jackknife

L, KAPPA = 8, 0.22
MASS = np.arccosh(1 / (2 * KAPPA) - 1)
"""At lambda = 0, G(p, 0) has its pole at p = i m, cosh m = 1 / (2 kappa) - 1, and no other."""


@pytest.fixture(scope='module')
def free():
    """Return autocorrelated free fields, phi_cnyx."""
    return free_fields(KAPPA, autoregressive(0.4, (4, 6000, L, L), seed=11))


def assert_agree(found, exact, within=0.03):
    """Assert |z| < 4 for values and errors, which are known to `within` of the exact value."""
    value, error, exact = (np.asarray(array) for array in (found['value'], found['error'], exact))
    assert (error < within * abs(exact)).all(), error / exact
    z = (value - exact) / error
    assert (abs(z) < 4).all(), z


def estimates(names, draws):
    """Return the estimates of observables by name, as results.json keeps them."""
    observables = {name: load(name) for name in names}
    means = averaged(moments(observables, draws))
    return plain(observables, values(observables, means, Ensemble(draws.L, KAPPA, 0.0)), draws.L)


def test_free_means(free):
    """From G(p): ln Z = -1/2 sum_p ln(1 - 2 kappa c_p) + const, c_p = sum_mu cos p_mu."""
    p = 2 * np.pi * np.arange(L) / L
    c_p = np.cos(p)[:, None] + np.cos(p)
    exact = {'susceptibility_m2': 1 / (2 * (1 - 4 * KAPPA)),
             'phi2': np.mean(1 / (2 * (1 - 2 * KAPPA * c_p))),
             'hopping': np.mean(c_p / (2 * (1 - 2 * KAPPA * c_p))),
             'specific_heat': 2 * np.mean((c_p / (1 - 2 * KAPPA * c_p)) ** 2),
             'correlation_length': np.sqrt(KAPPA / (1 - 4 * KAPPA)),
             'correlation_ratio': np.sqrt(KAPPA / (1 - 4 * KAPPA)) / L}
    found = estimates(exact, Draws.of_fields(free))
    for name in exact:
        assert_agree(found[name], exact[name])


def test_free_propagators_along_axis_and_diagonal(free):
    found = estimates(['propagator', 'diagonal_propagator'], Draws.of_fields(free))
    p = 2 * np.pi * np.arange(L // 2 + 1) / L
    assert_agree(found['propagator'], free_propagator(KAPPA, (p, 0.0)))
    assert_agree(found['diagonal_propagator'], free_propagator(KAPPA, (p, p)))
    p_hat2 = np.array(found['diagonal_propagator']['p_hat']) ** 2
    exact = 1 / (2 * KAPPA * p_hat2 + 2 * (1 - 4 * KAPPA))
    np.testing.assert_allclose(free_propagator(KAPPA, (p, p)), exact)


def test_free_correlator_is_one_cosh_whose_mass_is_that_of_the_lattice_dispersion(free):
    found = estimates(['correlator', 'effective_mass'], Draws.of_fields(free))
    t, norm = np.arange(L // 2 + 1), 4 * KAPPA * np.sinh(MASS) * np.sinh(MASS * L / 2)
    exact = np.cosh(MASS * (t - L / 2)) / norm
    assert_agree(found['correlator'], exact, within=0.05)
    assert found['effective_mass']['t'] == [1, 2, 3]
    assert_agree(found['effective_mass'], MASS, within=0.05)


def test_the_effective_mass_ends_where_the_correlator_is_negative():
    """Beyond, (C(t-1) + C(t+1)) / 2 C(t) may exceed one again, by chance."""
    noisy = {'correlator': [1.0, 0.4, -0.1, -0.8]}
    masses = load('effective_mass').value(noisy, Ensemble(6, KAPPA, 0.0))
    assert masses == pytest.approx([np.arccosh(0.9 / 0.8)])


def test_errors_of_functions_of_means_are_those_of_the_blocked_jackknife():
    """On series that remember 9.5 draws, by 40 blocks of 500 draws of each chain.

    The error of the jackknife itself is 1 / sqrt(2 * 159).
    """
    m_cn, slow_cn = (autoregressive(a, (4, 20_000), seed=s) for a, s in ((0.9, 2), (0.8, 3)))
    series = {'magnetisation': 0.3 + 0.3 * m_cn, 'hopping': 0.5 + 0.2 * m_cn + 0.1 * slow_cn,
              'mode': 0.2 * slow_cn**2}
    observables, ensemble = chosen('curves'), Ensemble(L, KAPPA, 0.0)
    made = moments(observables, Draws.of_series(L, series))
    for name, mean in values(observables, averaged(made), ensemble).items():
        found = estimate(mean)
        value, error = jackknife(made, 40, lambda m, name=name: load(name).value(m, ensemble))
        assert found.error == pytest.approx(error, rel=0.2), name
        assert abs(found.value - value) < 0.05 * error


def of_magnetisation(magnetisation_cn, size):
    """Return the estimates of what the magnetisation alone decides."""
    names = 'abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder'
    return estimates(names, Draws.of_series(size, {'magnetisation': magnetisation_cn}))


def test_cumulants_of_normal_magnetisations():
    """M ~ N(0, s^2): <|M|> = s sqrt(2/pi), Omega <M^2> = Omega s^2, U_L = 0."""
    s, sites = 0.3, 256
    found = of_magnetisation(s * autoregressive(0.5, (4, 50_000), seed=2), 16)
    exact = {'abs_magnetisation': s * np.sqrt(2 / np.pi),
             'susceptibility': sites * s**2 * (1 - 2 / np.pi), 'susceptibility_m2': sites * s**2,
             'binder': 0.0}
    z = {name: (found[name]['value'] - exact[name]) / found[name]['error'] for name in exact}
    assert max(map(abs, z.values())) < 4, z


def test_ordered_magnetisations_have_two_thirds_for_binder_cumulant():
    signs = np.random.default_rng(3).choice([-1.0, 1.0], size=(2, 100))
    found = of_magnetisation(signs, 8)
    assert found['binder']['value'] == pytest.approx(2 / 3)
    assert found['susceptibility']['value'] == pytest.approx(0.0, abs=1e-12)


def comparison(before_cnyx, after_cnyx):
    """Return what `compared` says of fields before and after a map."""
    observables, size = chosen('reconstructions'), before_cnyx.shape[-1]
    sides = [moments(observables, Draws.of_fields(phi)) for phi in (before_cnyx, after_cnyx)]
    return compared(observables, *sides, Ensemble(size, KAPPA, 0.0))


def test_the_error_of_a_difference_knows_what_both_have_in_common():
    """Fields lose a tenth: <phi^2> falls by 0.19 of itself, and that is known as well as it is."""
    phi_cnyx = np.random.default_rng(6).normal(size=(2, 300, 8, 8))
    found = comparison(phi_cnyx, 0.9 * phi_cnyx)
    for name, power in (('phi2', 2), ('abs_magnetisation', 1), ('phi4', 4)):
        factor, before, change = 0.9**power - 1, found['original'][name], found['difference'][name]
        assert change['value'] == pytest.approx(factor * before['value'])
        assert change['error'] == pytest.approx(-factor * before['error'], rel=1e-6)
    assert found['difference']['binder']['error'] < 1e-12
    np.testing.assert_allclose(found['propagator_ratio']['value'], 0.81)
    np.testing.assert_allclose(found['propagator_ratio']['error'], 0.0, atol=1e-12)


@pytest.mark.parametrize(('kept', 'undefined'), [
    ('constant', {'correlation_length', 'correlation_ratio'}),
    ('waves', {'correlation_length', 'correlation_ratio', 'binder'})])
def test_what_a_model_drops_leaves_no_quotient_of_rounding_errors(kept, undefined):
    """A map that keeps the zero mode alone has no correlation length, one that drops it no U_L."""
    phi_cnyx = np.random.default_rng(6).normal(size=(2, 40, 4, 4))
    constant = phi_cnyx.mean((2, 3), keepdims=True)
    after = constant + 0 * phi_cnyx if kept == 'constant' else phi_cnyx - constant
    found = comparison(phi_cnyx, after)
    assert {name for name, mean in found['reconstructed'].items() if mean is None} == undefined
    assert undefined.isdisjoint(found['difference'])
    json.dumps(found, allow_nan=False)
