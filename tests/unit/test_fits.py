"""Fits with corrections that are not known: what they give back, and that their errors cover."""

import numpy as np
import pyerrors
import pytest
from scipy.integrate import quad

from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.critical import critical_kappa, exponent
from phi4hpc.statistics.fits import OMEGAS, correction_kernel, covariance, fit
from phi4hpc.statistics.gamma import value_and_error

KAPPA_C = 0.27
EVERY = [16, 24, 32, 48, 64, 96, 128]


def measured(values, errors, seed, draws=200):
    """Return independent pyerrors.Obs with these errors around the values."""
    rng = np.random.default_rng(seed)
    return [pyerrors.Obs([v + e * np.sqrt(draws) * rng.normal(size=draws)], [f'{seed} {i}'])
            for i, (v, e) in enumerate(zip(values, errors, strict=True))]


def test_the_kernel_is_the_sum_over_all_powers():
    found = correction_kernel([16, 32, 64], beyond=1.0)
    powers = OMEGAS[0] + 1, OMEGAS[1] + 1
    exact = quad(lambda power: (16 * 16 / (32 * 64)) ** power, *powers)[0] / (powers[1] - powers[0])
    assert found[0, 0] == pytest.approx(1)
    assert found[1, 2] == found[2, 1] == pytest.approx(exact, rel=1e-9)
    assert np.linalg.eigvalsh(found).min() > 0


def test_correlated_data_are_fitted_as_such():
    """A mean of correlated data has the least error that any has, 1 / sqrt(sum_ij C^-1_ij)."""
    a, b, noise = measured([1.0, 1.0, 0.0], [0.1, 0.1, 0.1], seed=3)
    data = [a, a + noise, b]
    found = fit(np.ones((3, 1)), np.zeros((3, 3)), data, largest=1.0)
    least = np.linalg.inv(covariance(data)).sum() ** -0.5
    assert value_and_error(found.parameters[0])['error'] == pytest.approx(least, rel=0.01)
    assert value_and_error((a + a + noise + b) / 3)['error'] > 1.05 * least
    assert found.systematic == pytest.approx([0], abs=1e-6)


def test_without_corrections_a_fit_is_least_squares():
    """Slopes scatter as they claim, and chi^2 is as large as its degrees of freedom."""
    L = np.array(EVERY, float)
    design = np.stack([np.ones(7), np.log(L)], 1)
    fits = [fit(design, np.zeros((7, 7)), measured(1 + 1.75 * np.log(L), [1e-3] * 7, seed), 1.0)
            for seed in range(60)]
    slopes = [value_and_error(found.parameters[1]) for found in fits]
    pulls = [(slope['value'] - 1.75) / slope['error'] for slope in slopes]
    assert abs(np.mean(pulls)) < 4 / np.sqrt(60)
    assert np.std(pulls) == pytest.approx(1, abs=0.3)
    assert np.mean([found.chi2 for found in fits]) == pytest.approx(5, abs=1.5)
    assert fits[0].dof == 5


def test_sizes_of_corrections_are_equally_likely_where_data_do_not_know_them():
    """Noise hides the corrections, so that their mean size is half of the largest."""
    data = measured([1.0] * 3, [0.1] * 3, seed=2)
    found = fit(np.ones((3, 1)), correction_kernel([16, 24, 32]), data, largest=1e-4)
    assert found.size == pytest.approx(0.5e-4, rel=0.01)


def test_means_without_fluctuations_or_that_fluctuate_as_one_are_refused():
    a, b = measured([1.0, 2.0], [0.1, 0.1], seed=1)
    with pytest.raises(Missing, match='does not fluctuate'):
        covariance([a, b - b])
    with pytest.raises(Missing, match='fluctuate as one'):
        covariance([a, b, a + b])
    with pytest.raises(Missing, match='2 means for 2 parameters'):
        fit(np.eye(2), np.eye(2), [a, b], 1.0)


def pure(omega, u=1.7e-3, xi=0.7e-3):
    """Return {name: shift of its level on a lattice L}, which falls from L = 16 with a power."""
    return {'binder': lambda L: u * (L / 16) ** -(1 + omega),
            'correlation_ratio': lambda L: xi * (L / 16) ** -(1 + omega)}


def crossover(length):
    """Return shifts whose powers grow with L, up to 11/4, as at small lambda."""
    return {name: lambda L, shift=shift: shift(L) * (1 + length / 16) / (1 + length / L)
            for name, shift in pure(1.75).items()}


LAWS = {'7/4': pure(1.75), '2': pure(2.0), '3/2': pure(1.5), 'small': pure(1.75, 3e-4, -1e-4),
        'none': pure(1.75, 0, 0), 'crossover': crossover(16), 'long crossover': crossover(48),
        'two powers': {'binder': lambda L: 1.2e-3 * (16 / L) ** 2.75 + 5e-4 * (16 / L) ** 2,
                       'correlation_ratio': lambda L: (6e-4 * (16 / L) ** 2.75
                                                       + 5e-4 * (16 / L) ** 2)}}
"""Shifts of levels from kappa_c: those of lambda from 0.01 to 10 are among them or between them."""
NOISE = {16: 1.0, 24: 0.9, 32: 0.7, 48: 0.6, 64: 0.5, 96: 0.4, 128: 0.35}
"""Errors of levels, relative to L = 16."""


def levels(law, sizes, noise, seed):
    """Return (L, name, kappa) of a law, with noise that both levels of a lattice share for the
    most part."""
    found = []
    for L in sizes:
        common, *own = measured([0] * 3, noise * NOISE[L] * np.array([0.95, 0.3, 0.3]), [seed, L])
        found += [(L, name, KAPPA_C + shift(L) + common + one)
                  for (name, shift), one in zip(law.items(), own, strict=True)]
    return found


def outcomes(law, sizes, noise, runs=20):
    """Return (deviation, total error) of kappa_c in many runs, (run, 2)."""
    found = [critical_kappa(levels(law, sizes, noise, seed)) for seed in range(runs)]
    values = [value_and_error(one['value']) for one in found]
    return np.array([(value['value'] - KAPPA_C, np.hypot(value['error'], one['systematic']))
                     for value, one in zip(values, found, strict=True)])


@pytest.mark.parametrize('sizes', [[16, 32], [16, 24, 32], [16, 32, 64]], ids=str)
@pytest.mark.parametrize('noise', [2e-6, 3e-5, 2e-4])
@pytest.mark.parametrize('law', LAWS.values(), ids=LAWS)
def test_errors_of_kappa_c_cover_what_few_sizes_cannot_know(law, sizes, noise):
    """Whatever the law, and whether noise or corrections are more."""
    deviation, total = outcomes(law, sizes, noise).T
    assert (abs(deviation) < 2 * total).mean() >= 0.9
    assert (abs(deviation) < 4 * total).all()


def test_without_what_corrections_could_do_errors_do_not_cover(monkeypatch):
    """The test above can fail."""
    monkeypatch.setattr('phi4hpc.statistics.critical.LARGEST_SHIFT', 1e-3)
    deviation, total = outcomes(LAWS['crossover'], [16, 32], 3e-5).T
    assert (abs(deviation) > 4 * total).all()


@pytest.mark.parametrize('law', LAWS.values(), ids=LAWS)
def test_seven_sizes_fit_their_corrections(law):
    """Errors are not inflated: some 1e-5 where the levels have errors from 1.2e-5 to 4e-6."""
    deviation, total = outcomes(law, EVERY, 1.2e-5, runs=10).T
    assert (abs(deviation) < 3 * total).all()
    assert np.median(total) < 1.1e-5


def test_more_draws_help_until_corrections_limit():
    totals = [np.median(outcomes(LAWS['crossover'], [16, 32, 64], noise, runs=4)[:, 1])
              for noise in (1e-4, 1e-5, 1e-6, 1e-7)]
    assert totals[0] > 2 * totals[1] > 2 * totals[2]
    assert totals[3] == pytest.approx(totals[2], rel=0.2)


def test_two_sizes_are_the_fewest():
    with pytest.raises(Missing, match='at least two sizes'):
        critical_kappa(levels(LAWS['none'], [16], 1e-5, seed=1))
    alone = [one for one in levels(LAWS['7/4'], [16, 32], 1e-6, seed=1) if one[1] == 'binder']
    found = critical_kappa(alone)
    assert abs(value_and_error(found['value'])['value'] - KAPPA_C) < 2 * found['systematic'] < 2e-3


def test_nu_is_the_inverse_of_a_power_and_its_errors_are_those_of_the_inverse():
    sizes = np.array([16, 24, 32, 48])
    means = measured(2 * np.log(sizes) + 0.08 * (16 / sizes) ** 1.5, [2e-3] * 4, seed=1)
    power, nu = (exponent(name, dict(zip(sizes.tolist(), means, strict=True)))
                 for name in ('gamma/nu', 'nu'))
    value = power['value'].value
    assert value == pytest.approx(2, abs=0.1)
    assert nu['value'].value == pytest.approx(1 / value)
    assert nu['systematic'] == pytest.approx(power['systematic'] / value**2)


@pytest.mark.parametrize(('name', 'power', 'exact'),
                         [('nu', 1.0, 1.0), ('beta/nu', -0.125, 0.125), ('gamma/nu', 1.75, 1.75)])
@pytest.mark.parametrize('sizes', [[16, 32, 64], [16, 24, 32, 48], EVERY], ids=len)
@pytest.mark.parametrize('omega', [1.0, 1.75])
def test_exponents_come_back_with_errors_that_cover(name, power, exact, sizes, omega):
    L = np.array(sizes, float)
    pulls, totals = [], []
    for seed in range(10):
        means = measured(0.3 + power * np.log(L) + 0.08 * (16 / L) ** omega, [2e-3] * len(L), seed)
        found = exponent(name, dict(zip(sizes, means, strict=True)))
        value = value_and_error(found['value'])
        totals.append(np.hypot(value['error'], found['systematic']))
        pulls.append((value['value'] - exact) / totals[-1])
    assert np.mean(np.abs(pulls) < 2) >= 0.9
    assert np.median(totals) < (0.025 if sizes is EVERY else 0.06)
