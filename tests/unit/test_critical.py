"""Points on curves against the Ising model summed over all states; fits against what is put in."""

from types import SimpleNamespace

import numpy as np
import pyerrors
import pytest
from scipy.optimize import brentq, minimize_scalar

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.parallel.leftout import Missing
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.stages.curves import keep
from phi4hpc.statistics.critical import OMEGA, UNIVERSAL, critical, critical_kappa, fitted, level_fit, plain, power_fits
from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.fits import averaged, linear_fit, power_law
from phi4hpc.statistics.gamma import estimate, value_and_error
from phi4hpc.statistics.points import crossing, peak
from tests.series import series_of

KAPPAS = np.array([0.16, 0.19, 0.22, 0.25])


class Ising:
    """All states of the Ising model on an L x L torus: exact means, and independent draws."""

    def __init__(self, L):
        bits = np.arange(2 ** (L * L))[:, None] >> np.arange(L * L) & 1
        spins = (2.0 * bits - 1).reshape(-1, L, L)
        self.L, self.states = L, series_of(spins)

    def weight(self, kappa):
        energy = 2 * kappa * self.L**2 * self.states['hopping']
        weight = np.exp(energy - energy.max())
        return weight / weight.sum()

    def exact(self, name, kappa):
        observable, weight = load(name), self.weight(kappa)
        moments = observable.moments(Draws.of_series(self.L, self.states))
        means = {key: float(values @ weight) for key, values in moments.items()}
        return observable.value(means, Ensemble(self.L, kappa, np.inf))

    def curve(self, draws=20_000, seed=1):
        rng = np.random.default_rng(seed)
        drawn = [rng.choice(len(self.weight(k)), (2, draws), p=self.weight(k)) for k in KAPPAS]
        series = {name: values[np.array(drawn)] for name, values in self.states.items()}
        return Curve(self.L, KAPPAS, series, np.inf)


@pytest.fixture(scope='module')
def four():
    return Ising(4)


@pytest.fixture(scope='module')
def curve(four):
    return four.curve()


def assert_agrees(found, exact, within):
    """Assert that a pyerrors.Obs is exact, |z| < 4, and its error small enough that `within` would be noticed."""
    found = value_and_error(found)
    assert abs(found['value'] - exact) < 4 * found['error'] < within, (found, exact)


@pytest.mark.parametrize('name', UNIVERSAL)
def test_levels_are_found_where_they_are(four, curve, name):
    level = UNIVERSAL[name]
    exact = brentq(lambda kappa: four.exact(name, kappa) - level, 0.1, 0.3)
    assert_agrees(crossing(curve, name, level), exact, within=0.003)


def test_slopes_and_means_at_a_level_know_that_it_moves(four, curve):
    """At fixed U_L, U_L itself has no error; and <|M|> there is what it is at the exact place."""
    level = UNIVERSAL['binder']
    kappa = brentq(lambda kappa: four.exact('binder', kappa) - level, 0.1, 0.3)
    exact_slope = (four.exact('binder', kappa + 1e-5) - four.exact('binder', kappa - 1e-5)) / 2e-5
    found = crossing(curve, 'binder', level)
    assert value_and_error(curve.at(found, lambda k: curve(k)['binder']))['error'] < 1e-5
    magnetisation = curve.at(found, lambda k: curve(k)['abs_magnetisation'])
    assert_agrees(magnetisation, four.exact('abs_magnetisation', kappa), within=0.01)
    assert_agrees(curve.slope('binder', kappa), exact_slope, within=0.05 * exact_slope)


@pytest.mark.parametrize('name', ['susceptibility', 'specific_heat'])
def test_peaks_are_found_where_they_are(four, curve, name):
    exact = minimize_scalar(lambda kappa: -four.exact(name, kappa), bounds=(0.1, 0.4), method='bounded',
                            options={'xatol': 1e-9})
    kappa, height = peak(curve, name)
    assert_agrees(kappa, exact.x, within=0.01)
    assert_agrees(height, -exact.fun, within=0.03 * -exact.fun)


def test_two_sizes_cross_where_their_exact_curves_do(four, curve):
    two = Ising(2)
    exact = brentq(lambda kappa: four.exact('binder', kappa) - two.exact('binder', kappa), 0.15, 0.28)
    assert_agrees(crossing(curve, 'binder', two.curve(seed=2)), exact, within=0.01)


def test_what_the_draws_do_not_reach_is_not_made_up(curve):
    (low, high), = (part.reach for part in curve.parts)
    assert 0 < low < KAPPAS[0] < KAPPAS[-1] < high < 0.4
    with pytest.raises(Missing, match='binder does not rise through 0.67 where draws reach'):
        crossing(curve, 'binder', 0.67)
    with pytest.raises(Missing, match='abs_magnetisation has no maximum where draws reach'):
        peak(curve, 'abs_magnetisation')


def test_errors_of_levels_are_the_scatter_over_runs(four):
    level = UNIVERSAL['correlation_ratio']
    found = [estimate(crossing(four.curve(400, seed), 'correlation_ratio', level)) for seed in range(10, 60)]
    assert np.std([f.value for f in found]) == pytest.approx(np.mean([f.error for f in found]), rel=0.3)


def measured(values, errors, seed):
    """Return independent pyerrors.Obs of these errors around the values."""
    rng, draws = np.random.default_rng(seed), 400
    return [pyerrors.Obs([v + e * np.sqrt(draws) * rng.normal(size=draws)], [f'{seed} {i}'])
            for i, (v, e) in enumerate(zip(values, errors, strict=True))]


def test_power_laws_come_back():
    L = np.array([16, 32, 64, 128])
    pulls, chi2 = [], []
    for seed in range(60):
        fit = power_law(L, measured(3 * L**1.75 * np.exp(0.5 * L**-1.75), 1e-3 * L**1.75, seed), omegas=[1.75])
        p = value_and_error(fit.parameters[1])
        pulls.append((p['value'] - 1.75) / p['error'])
        chi2.append(fit.chi2)
    assert abs(np.mean(pulls)) < 4 / np.sqrt(60)
    assert np.std(pulls) == pytest.approx(1, abs=0.3)
    assert np.mean(chi2) == pytest.approx(1, abs=0.6)


def test_kappa_c_comes_back_from_both_ratios():
    sizes, pulls = [16, 32, 64, 128], []
    for seed in range(20):
        kappas = {name: measured([0.27 + a * L ** -(1 + OMEGA) for L in sizes], [1e-6 * 128 / L for L in sizes],
                                 seed + 1000 * i)
                  for i, (name, a) in enumerate((('binder', 3.0), ('correlation_ratio', 1.0)))}
        found = critical_kappa([(L, name, kappas[name][i]) for i, L in enumerate(sizes) for name in kappas])
        value = value_and_error(found['value'])
        pulls.append((value['value'] - 0.27) / value['error'])
        assert found['systematic'] < 3e-6
    assert abs(np.mean(pulls)) < 4 / np.sqrt(20)
    assert np.std(pulls) == pytest.approx(1, abs=0.5)


SIZES = [16, 32, 64, 128]


def test_what_fits_do_not_tell_apart_is_a_systematic_error():
    """A crossover goes by L^-1: fits that take other powers for it pull kappa_c, and the error says so."""
    sizes = [16, 24, 32, 48, 64, 96, 128]
    levels = [(L, name, kappa) for i, name in enumerate(UNIVERSAL) for L, kappa in zip(
        sizes, measured([0.27 + 0.3 * L**-2.0 + 3 * L**-3.5 for L in sizes], [1e-6 * 128 / L for L in sizes], i),
        strict=True)]
    found = critical_kappa(levels)
    value = value_and_error(found['value'])
    total = np.hypot(value['error'], found['systematic'])
    assert abs(value['value'] - 0.27) < 2 * total < 1.2e-5
    assert abs(value_and_error(level_fit(levels, 32, [OMEGA]).parameters[0])['value'] - 0.27) > 4 * total


def test_a_fit_that_misses_says_so():
    """The least error of fits that all miss by ten is ten times the one they claim."""
    points = measured([1.0, 1.0, 1.2], [0.01] * 3, seed=1)
    fit = linear_fit(np.ones((3, 1)), points)
    _, systematic, heaviest = averaged([fit, fit], lambda parameters: parameters[0])
    assert heaviest.chi2 / heaviest.dof > 50
    assert systematic == pytest.approx(np.sqrt(heaviest.chi2 / 2 - 1) * value_and_error(fit.parameters[0])['error'])


def test_correlated_points_are_fitted_as_such():
    """A mean of correlated points has the least error that any has, 1 / sqrt(sum_ij C^-1_ij); others have more."""
    a, b, noise = measured([1.0, 1.0, 0.0], [0.1, 0.1, 0.1], seed=3)
    points = [a, a + noise, b]
    found = value_and_error(linear_fit(np.ones((3, 1)), points).parameters[0])
    least = np.linalg.inv(pyerrors.covariance(points)).sum() ** -0.5
    assert found['error'] == pytest.approx(least, rel=0.01)
    assert value_and_error((a + a + noise + b) / 3)['error'] > 1.05 * least


def test_one_lattice_has_levels_and_a_peak_but_no_kappa_c(curve):
    *_, found = critical({4: curve})
    assert [entry['of'] for entry in found['levels']] == list(UNIVERSAL)
    assert [entry['L'] for entry in found['peaks']] == [4]
    assert found['crossings'] == []
    assert found['kappa_c'] is None
    assert found['exponents'] is None


def test_what_is_found_comes_back_with_its_fluctuations(curve, tmp_path):
    directory = SimpleNamespace(meaning={'seed': 1}, file=tmp_path.joinpath)
    *_, found = critical({4: curve})
    made_up = measured(1e-2 * np.array(SIZES) ** -0.125, [1e-5] * 4, seed=1)
    found['exponents'] = {'beta/nu': fitted(power_fits(dict(zip(SIZES, made_up, strict=True))), lambda p: -p[1])}
    assert found['exponents']['beta/nu']['omegas'] == ()
    keep(SimpleNamespace(directory=directory, deck=SimpleNamespace(action=SimpleNamespace(lam=1.0))), found)
    assert [path.name for path in tmp_path.iterdir()] == ['transition.json.gz']
    told = pyerrors.input.json.load_json_dict(str(tmp_path / 'transition.json.gz'), verbose=False, full_output=True)
    assert told['description']['deck'] == digest({'seed': 1})
    theirs, ours = ([level['kappa'] for level in levels] for levels in (told['obsdata']['levels'], found['levels']))
    difference = value_and_error(ours[1] - ours[0])
    assert difference['error'] < value_and_error(ours[0])['error']
    assert value_and_error(theirs[1] - theirs[0]) == pytest.approx(difference, rel=1e-9)
    assert plain(found)['levels'][1]['kappa'] == value_and_error(ours[1])
