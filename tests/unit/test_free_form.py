"""The free form Z / (p^^2 + m^2) is found in propagators that have it, with errors that cover."""

import numpy as np
import pyerrors
import pytest

from phi4hpc.lattice.exact import free_propagator
from phi4hpc.lattice.momenta import lattice_momentum
from phi4hpc.parallel import leftout
from phi4hpc.statistics.free_form import free_form
from phi4hpc.statistics.gamma import obs

L, KAPPA = 32, 0.22
Z, MASS2 = 1 / (2 * KAPPA), (1 - 4 * KAPPA) / KAPPA
"""Of the free field: at lambda = 0, G = (1 / 2 kappa) / (p^^2 + (1 - 4 kappa) / kappa)."""


def exact():
    momentum = 2 * np.pi * np.arange(L // 2 + 1) / L
    return lattice_momentum(L), free_propagator(KAPPA, (momentum, 0.0))


def measured(values, errors):
    """Return independent pyerrors.Obs with these values and errors."""
    return [pyerrors.pseudo_Obs(value, error, f'p{n}')
            for n, (value, error) in enumerate(zip(values, errors, strict=True))]


def test_free_field_has_the_z_and_mass_of_its_action():
    p_hat, value = exact()
    fit = free_form(p_hat, measured(value, 0.01 * value))
    assert fit['z']['value'] == pytest.approx(Z)
    assert fit['mass2']['value'] == pytest.approx(MASS2)
    assert fit['chi2'] == pytest.approx(0, abs=1e-10)
    assert fit['dof'] == (p_hat <= 1).sum() - 2


def test_errors_of_the_fit_are_those_of_its_scatter():
    p_hat, value = exact()
    rng = np.random.default_rng(1)
    error = 0.02 * value * (1 + np.arange(len(value)) % 3)        # uneven, so that weights matter
    fits = [free_form(p_hat, measured(value + error * rng.normal(size=len(value)), error))
            for _ in range(150)]
    for name in ('z', 'mass2'):
        scatter = np.std([fit[name]['value'] for fit in fits])
        assert scatter == pytest.approx(np.mean([fit[name]['error'] for fit in fits]), rel=0.2)
    assert np.mean([fit['chi2'] / fit['dof'] for fit in fits]) == pytest.approx(1, abs=0.2)


def test_errors_know_that_momenta_fluctuate_together():
    """Where all momenta are large and small together, Z fluctuates with them, and the mass does not
    at all."""
    p_hat, value = exact()
    rng = np.random.default_rng(2)
    common = 1 + 0.1 * rng.normal(size=(1, 2000, 1))
    series_cnp = value * common * (1 + 1e-4 * rng.normal(size=(1, 2000, len(value))))
    fit = free_form(p_hat, [obs(series_cnp[..., p]) for p in range(len(p_hat))])
    assert fit['z']['error'] == pytest.approx(0.1 * Z / np.sqrt(2000), rel=0.1)
    assert fit['mass2']['error'] < 1e-4 * MASS2


def test_fit_is_the_least_of_the_weighted_squares_also_where_errors_are_large():
    p_hat, value = exact()
    low = p_hat <= 1
    error = 0.25 * value * (1 + np.arange(len(value)) % 3)
    seen = value + error * np.random.default_rng(2).uniform(-0.7, 0.7, len(value))
    fit = free_form(p_hat, measured(seen, error))

    def chi2(z, mass2):
        return (((seen - z / (p_hat**2 + mass2)) / error)[low] ** 2).sum()

    z, mass2 = fit['z'], fit['mass2']
    assert fit['chi2'] == pytest.approx(chi2(z['value'], mass2['value']))
    for dz, dm in ((1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)):
        moved = z['value'] + dz * z['error'], mass2['value'] + dm * mass2['error']
        assert chi2(*moved) > fit['chi2']


def test_momenta_above_the_range_do_not_enter_the_fit():
    p_hat, value = exact()
    fit = free_form(p_hat, measured(np.where(p_hat > 1, 7 * value, value), 0.01 * value))
    assert fit['mass2']['value'] == pytest.approx(MASS2)
    assert fit['largest_momentum'] == p_hat[p_hat <= 1][-1]


def test_on_small_lattices_three_momenta_are_fitted_and_with_fewer_there_is_no_fit():
    for size, there in ((4, True), (2, False)):
        p_hat = lattice_momentum(size)
        seen = measured(Z / (p_hat**2 + MASS2), 0.01 / (p_hat**2 + 1))
        assert bool(free_form(p_hat, seen)) == there


@pytest.mark.parametrize('spoiled', [np.nan, 0.0])
def test_what_cannot_be_fitted_is_left_out_and_said(spoiled, monkeypatch):
    monkeypatch.setattr(leftout, 'lines', [])
    p_hat, value = exact()
    assert free_form(p_hat, measured(value * spoiled, 0.01 * value)) is None
    assert leftout.lines == ['free_form: left out: values and errors of the propagator are not '
                             'all positive']
