"""What captions say of the data is found in the data."""

from types import SimpleNamespace

import numpy as np
import pytest

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.report import tables
from phi4hpc.report.propagators import fit_free
from phi4hpc.report.spectra import Spectrum
from phi4hpc.report.tempering import acceptance
from phi4hpc.report.transition import crossing

L, KAPPA = 32, 0.22


def exact(kappa=KAPPA):
    momentum = 2 * np.pi * np.arange(L // 2 + 1) / L
    return lattice_momentum(L), free_propagator(kappa, (momentum, 0.0))


def test_free_field_has_the_z_and_mass_of_its_action():
    """At lambda = 0, G = (1 / 2 kappa) / (p^^2 + (1 - 4 kappa) / kappa)."""
    p_hat, value = exact()
    fit = fit_free(p_hat, value, 0.01 * value)
    assert fit.z == pytest.approx(1 / (2 * KAPPA))
    assert fit.mass2 == pytest.approx((1 - 4 * KAPPA) / KAPPA)
    assert fit.chi2 == pytest.approx(0, abs=1e-12)
    assert fit(p_hat) == pytest.approx(value)


def test_errors_of_the_fit_are_those_of_its_scatter():
    p_hat, value = exact()
    rng = np.random.default_rng(1)
    error = 0.02 * value * (1 + np.arange(len(value)) % 3)        # uneven, so that weights matter
    fits = [fit_free(p_hat, value + error * rng.normal(size=len(value)), error) for _ in range(400)]
    for name in ('z', 'mass2'):
        scatter = np.std([getattr(fit, name) for fit in fits])
        assert scatter == pytest.approx(np.mean([getattr(fit, f'{name}_error') for fit in fits]), rel=0.15)
    assert np.mean([fit.chi2 / fit.dof for fit in fits]) == pytest.approx(1, abs=0.15)


def test_fit_is_the_least_of_the_weighted_squares_also_where_errors_are_large():
    p_hat, value = exact()
    low = p_hat <= 1
    error = 0.25 * value * (1 + np.arange(len(value)) % 3)
    measured = value + error * np.random.default_rng(2).uniform(-0.7, 0.7, len(value))
    fit = fit_free(p_hat, measured, error)

    def chi2(z, mass2):
        return (((measured - z / (p_hat**2 + mass2)) / error)[low] ** 2).sum()

    assert fit.chi2 == pytest.approx(chi2(fit.z, fit.mass2))
    for dz, dm in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        assert chi2(fit.z + dz * fit.z_error, fit.mass2 + dm * fit.mass2_error) > fit.chi2


def test_momenta_above_the_range_do_not_enter_the_fit():
    p_hat, value = exact()
    spoiled = np.where(p_hat > 1, 7 * value, value)
    assert fit_free(p_hat, spoiled, 0.01 * value).mass2 == pytest.approx((1 - 4 * KAPPA) / KAPPA)


def binders(small, large, error):
    """Return a study of two lattices with these Binder cumulants at kappa = 0, 1, 2, ..."""
    entries = {16: small, 32: large}
    return SimpleNamespace(kappas=lambda size: np.arange(len(small)), entries=lambda size: [
        {'kappa': k, 'binder': {'value': u, 'error': error}} for k, u in enumerate(entries[size])])


def test_crossing_is_bracketed_by_the_nearest_rungs_that_can_tell():
    study = binders([0.10, 0.30, 0.50, 0.60, 0.62, 0.64], [0.00, 0.10, 0.40, 0.605, 0.65, 0.66], 0.01)
    assert crossing(study, 16, 32) == {'small': 16, 'large': 32, 'below': '2', 'above': '4'}


def test_no_crossing_is_claimed_within_errors():
    assert crossing(binders([0.1, 0.3, 0.6], [0.0, 0.3, 0.65], 0.1), 16, 32) is None
    assert crossing(binders([0.1, 0.3, 0.6], [0.0, 0.1, 0.5], 0.01), 16, 32) is None


def test_spectrum_counts_what_stands_above_rounding():
    s = Spectrum(np.array([2.0, 2.0, 1e-3, 1e-7, 0.0]), np.full(5, 1e-3), None)
    assert s.resolved == 3
    assert s.effective == pytest.approx(2, rel=1e-5)


def test_acceptance_has_an_error_even_where_every_swap_failed():
    summary = {'swap_tried': np.array([[50, 50], [50, 50]]), 'swap_accepted': np.array([[20, 0], [30, 0]])}
    middle, rate, error = acceptance(np.array([0.1, 0.2, 0.4]), summary)
    assert middle == pytest.approx([0.15, 0.3])
    assert rate == pytest.approx([0.5, 0])
    assert error == pytest.approx([0.05, np.sqrt(0.005 * 0.995 / 100)])


@pytest.mark.parametrize(('draws', 'short'), [(499, True), (500, False)])
def test_chains_shorter_than_fifty_autocorrelation_times_are_marked(draws, short):
    quick, slow = ({'value': 1.0, 'error': 0.1, 'tau_int': tau, 'tau_int_error': 0.5} for tau in (0.5, 10.0))
    judged = {'r_hat': 1.0, 'effective_draws': 25.0}
    entry = {'kappa': 0.25, **judged, **dict.fromkeys(tables.OBSERVABLES, quick), 'binder': slow}
    row = tables.row(entry, draws)
    assert (row['tau'], row['short']) == ('10.00(50)', short)
