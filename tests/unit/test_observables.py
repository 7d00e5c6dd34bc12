"""Means and what is derived from them: free fields, whose every value is known, and errors against the jackknife."""

import numpy as np
import pyerrors
import pytest

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.observables import (
    axis_propagator,
    correlator,
    densities,
    diagonal_propagator,
    lattice_momentum,
    longest_mode,
    propagator,
)
from phi4hpc.statistics.ensembles import in_momentum_space, in_time, named, plain
from phi4hpc.statistics.gamma import estimate, obs
from phi4hpc.statistics.observables import derived, means, moments
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


def test_free_means(free):
    """From G(p): ln Z = -1/2 sum_p ln(1 - 2 kappa c_p) + const, c_p = sum_mu cos p_mu."""
    p = 2 * np.pi * np.arange(L) / L
    c_p = np.cos(p)[:, None] + np.cos(p)
    found = plain(means(named(densities(free), axis_propagator(free)), L))
    for name, exact in {'susceptibility_m2': 1 / (2 * (1 - 4 * KAPPA)),
                        'phi2': np.mean(1 / (2 * (1 - 2 * KAPPA * c_p))),
                        'hopping': np.mean(c_p / (2 * (1 - 2 * KAPPA * c_p))),
                        'specific_heat': 2 * np.mean((c_p / (1 - 2 * KAPPA * c_p)) ** 2),
                        'correlation_length': np.sqrt(KAPPA / (1 - 4 * KAPPA)),
                        'correlation_ratio': np.sqrt(KAPPA / (1 - 4 * KAPPA)) / L}.items():
        assert_agree(found[name], exact)


def test_free_propagators_along_axis_and_diagonal(free):
    found = in_momentum_space(axis_propagator(free), diagonal_propagator(free), L)
    p = 2 * np.pi * np.arange(L // 2 + 1) / L
    assert_agree(found['propagator'], free_propagator(KAPPA, (p, 0.0)))
    assert_agree(found['diagonal_propagator'], free_propagator(KAPPA, (p, p)))
    p_hat2 = np.array(found['diagonal_propagator']['p_hat']) ** 2
    np.testing.assert_allclose(free_propagator(KAPPA, (p, p)), 1 / (2 * KAPPA * p_hat2 + 2 * (1 - 4 * KAPPA)))


def test_free_correlator_is_one_cosh_whose_mass_is_that_of_the_lattice_dispersion(free):
    found, t = in_time(axis_propagator(free)), np.arange(L // 2 + 1)
    exact = np.cosh(MASS * (t - L / 2)) / (4 * KAPPA * np.sinh(MASS) * np.sinh(MASS * L / 2))
    assert_agree(found['correlator'], exact, within=0.05)
    assert found['effective_mass']['t'] == [1, 2, 3]
    assert_agree(found['effective_mass'], MASS, within=0.05)


def test_lines_are_cut_from_the_full_propagator():
    phi = np.random.default_rng(4).normal(size=(3, 12, 12))
    full, n = propagator(phi), np.arange(7)
    np.testing.assert_allclose(longest_mode(phi), axis_propagator(phi)[:, 1], rtol=1e-12)
    np.testing.assert_allclose(axis_propagator(phi), (full[:, 0, :7] + full[:, :7, 0]) / 2, rtol=1e-12)
    np.testing.assert_allclose(diagonal_propagator(phi), (full[:, n, n] + full[:, -n, n]) / 2, rtol=1e-9)
    assert lattice_momentum(12)[[0, 3, 6]].tolist() == pytest.approx([0, np.sqrt(2), 2])
    assert lattice_momentum(12, 2)[6] == pytest.approx(np.sqrt(8))


def test_correlator_is_that_of_sums_over_time_slices():
    phi = np.random.default_rng(5).normal(size=(3, 6, 6))
    slices = [np.stack([(s * np.roll(s, -t, -1)).sum(-1) for t in range(4)], -1) for s in (phi.sum(-1), phi.sum(-2))]
    np.testing.assert_allclose(correlator(axis_propagator(phi)), sum(slices) / 2 / 36, rtol=1e-12)


def test_errors_of_derived_quantities_are_those_of_the_blocked_jackknife():
    """On series that remember 9.5 draws, 40 blocks of 500 a chain; the jackknife's own error is 1 / sqrt(2 * 159)."""
    m_cn, slow_cn = autoregressive(0.9, (4, 20_000), seed=2), autoregressive(0.8, (4, 20_000), seed=3)
    series = {'magnetisation': 0.3 + 0.3 * m_cn, 'hopping': 0.5 + 0.2 * m_cn + 0.1 * slow_cn, 'mode': 0.2 * slow_cn**2}
    made = derived({name: obs(values) for name, values in moments(series).items()}, L)
    for name, mean in made.items():
        found = estimate(mean)
        value, error = jackknife(moments(series), 40, lambda of, name=name: derived(fixed(of), L)[name].value)
        assert found.error == pytest.approx(error, rel=0.2), name
        assert abs(found.value - value) < 0.05 * error


def fixed(means):
    """Return numbers as pyerrors.Obs without error, so that `derived` takes them."""
    return {name: pyerrors.cov_Obs(float(mean), 0.0, name) for name, mean in means.items()}
