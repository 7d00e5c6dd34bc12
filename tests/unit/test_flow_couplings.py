"""Couplings come back from configurations that were made with them."""

import numpy as np
import pytest

from phi4hpc.device.host import Host
from phi4hpc.flow.blocks import kadanoff
from phi4hpc.flow.couplings import couplings, kappa_lambda
from phi4hpc.lattice.operator import load
from tests.flows import estimated, z
from tests.simulate import observe


def sampled(L, kappa, lam, replicas, draws, **how):
    """Return fields (16 blocks, n, y, x) of independent replicas."""
    phi_nryx = observe(Host(), L, kappa, lam, replicas=replicas, draws=draws,
                       observable=lambda held: held.fields.read(), **how)
    return phi_nryx.swapaxes(0, 1).reshape(16, -1, L, L)


def gaussian(kappa, draws, L=16):
    """Return exact draws of the Gaussian model, (16 blocks, n, y, x)."""
    cosine = np.cos(2 * np.pi * np.fft.fftfreq(L))
    power_yx = 0.5 / (1 - 2 * kappa * (cosine[:, None] + cosine))
    noise = np.random.default_rng(5).normal(size=(16, draws // 16, L, L))
    return np.fft.ifft2(np.sqrt(power_yx) * np.fft.fft2(noise)).real


def assert_come_back(entry, kappa, lam, limit=3.0, within=0.01):
    """Assert that all couplings are exact to `limit` errors, which show a deviation of `within`."""
    exact = {'nearest': -2 * kappa, 'phi2': 1 - 2 * lam, 'phi4': lam}
    for name, found in entry['K'].items():
        assert abs(z(found, exact.get(name, 0.0))) < limit, (name, found)
        assert name not in exact or limit * found['error'] < within * abs(exact[name]), name
    assert abs(z(entry['kappa_prime'], kappa)) < limit
    assert abs(z(entry['lambda_prime'], lam)) < limit


@pytest.fixture(scope='module')
def phi_bnyx():
    """Return fields at kappa = 0.3, lambda = 1, with ten million sites."""
    return sampled(32, 0.3, 1.0, replicas=64, draws=160)


def test_those_of_the_lattice_action_come_back(phi_bnyx):
    entry = next(estimated(kadanoff.Block(), phi_bnyx, smallest=32).couplings())
    assert_come_back(entry, 0.3, 1.0)


@pytest.mark.parametrize('name', ['nearest', 'phi2', 'phi4'])
def test_a_mistake_of_one_percent_in_a_slope_is_seen(phi_bnyx, name, monkeypatch):
    """So the test before is sharp."""
    operator = load(name)
    slope = {term: 1.01 * coefficient for term, coefficient in operator.slope.items()}
    monkeypatch.setitem(vars(operator), 'slope', slope)
    wrong = next(estimated(kadanoff.Block(), phi_bnyx, smallest=32).couplings())
    with pytest.raises(AssertionError):
        assert_come_back(wrong, 0.3, 1.0)


def test_those_that_the_gaussian_model_lacks_are_zero():
    found = list(estimated(kadanoff.Block(), gaussian(0.2, 16 * 400), smallest=16).couplings())
    assert [len(entry['operators']) for entry in found] == [3, 5, 7]
    for entry in found:
        for name, coupling in entry['K'].items():
            assert abs(z(coupling, {'nearest': -0.4, 'phi2': 1.0}.get(name, 0.0))) < 4, name
    assert found[0]['kappa_prime']['truncation'] is None
    assert 0 < found[1]['kappa_prime']['truncation'] < 0.01


@pytest.mark.parametrize(('kappa', 'lam'), [(0.27, 0.02), (0.34, 1.0), (0.2, 0.0), (0.25, 50.0)])
@pytest.mark.parametrize('c', [0.3, 1.0, 2.0])
def test_kappa_and_lambda_do_not_depend_on_the_unit_of_the_field(kappa, lam, c):
    given = -2 * kappa * c**2, (1 - 2 * lam) * c**2, lam * c**4
    assert kappa_lambda(*given) == pytest.approx((kappa, lam), rel=1e-12)


@pytest.mark.parametrize('given', [(-0.5, 1.0, -1.0), (-0.5, -1.0, 0.0)])
def test_couplings_of_no_stable_action_have_no_kappa_and_lambda(given):
    assert np.isnan(kappa_lambda(*given)).all()


def test_the_equations_are_solved_whatever_the_units_of_operators():
    rng = np.random.default_rng(1)
    slope_cc, K_c = np.cov(rng.normal(size=(4, 9))), rng.normal(size=4)
    unit_c = 10.0 ** np.array([-6, 0, 3, 8])
    found = couplings(slope_cc * np.outer(unit_c, unit_c), slope_cc @ K_c * unit_c)
    np.testing.assert_allclose(found * unit_c, K_c, rtol=1e-9)


@pytest.mark.long
@pytest.mark.parametrize(('kappa', 'lam', 'within'), [(0.26952, 0.02, 0.012),
                                                      (0.340301, 1.0, 0.01)])
def test_those_of_large_critical_lattices_come_back(kappa, lam, within):
    phi_bnyx = sampled(64, kappa, lam, algorithm='recipe', replicas=32, draws=125, spacing=8)
    entry = next(estimated(kadanoff.Block(), phi_bnyx, smallest=64).couplings())
    assert_come_back(entry, kappa, lam, within=within)
