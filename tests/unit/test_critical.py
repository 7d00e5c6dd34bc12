"""Points on curves against the Ising model summed over all states; fits against what is put in."""

from types import SimpleNamespace

import numpy as np
import pyerrors
import pytest
from scipy.optimize import brentq, minimize_scalar

from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.parallel.leftout import Missing
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.stages.curves import keep
from phi4hpc.statistics.critical import critical, exponent, plain
from phi4hpc.statistics.curve import Curve
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
    """Assert that a pyerrors.Obs is exact, |z| < 4, with an error that would show `within`."""
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
    exact = minimize_scalar(lambda kappa: -four.exact(name, kappa), bounds=(0.1, 0.4),
                            method='bounded', options={'xatol': 1e-9})
    kappa, height = peak(curve, name)
    assert_agrees(kappa, exact.x, within=0.01)
    assert_agrees(height, -exact.fun, within=0.03 * -exact.fun)


def test_two_sizes_cross_where_their_exact_curves_do(four, curve):
    two = Ising(2)
    exact = brentq(lambda kappa: four.exact('binder', kappa) - two.exact('binder', kappa),
                   0.15, 0.28)
    assert_agrees(crossing(curve, 'binder', two.curve(seed=2)), exact, within=0.01)


def test_what_the_draws_do_not_reach_is_not_made_up(curve):
    (low, high), = (part.reach for part in curve.parts)
    assert 0 < low < KAPPAS[0] < KAPPAS[-1] < high < 0.4
    with pytest.raises(Missing, match='binder does not rise through 0.67 where draws reach'):
        crossing(curve, 'binder', 0.67)
    with pytest.raises(Missing, match='abs_magnetisation has no maximum where draws reach'):
        peak(curve, 'abs_magnetisation')


def level_of(curve):
    return crossing(curve, 'correlation_ratio', UNIVERSAL['correlation_ratio'])


def peak_of(curve):
    return peak(curve, 'susceptibility')[0]


@pytest.mark.parametrize('place', [level_of, peak_of])
def test_errors_of_levels_and_peaks_are_the_scatter_over_runs(four, place):
    found = [estimate(place(four.curve(400, seed))) for seed in range(10, 60)]
    scatter = np.std([one.value for one in found])
    assert scatter == pytest.approx(np.mean([one.error for one in found]), rel=0.3)


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
    rng, draws = np.random.default_rng(1), 400
    made_up = {L: pyerrors.Obs([-np.log(L) / 8 + 0.02 * rng.normal(size=draws)], [str(L)])
               for L in (16, 32, 64, 128)}
    found['exponents'] = {'beta/nu': exponent('beta/nu', made_up)}
    deck = SimpleNamespace(action=SimpleNamespace(lam=1.0))
    keep(SimpleNamespace(directory=directory, deck=deck), found)
    assert [path.name for path in tmp_path.iterdir()] == ['transition.json.gz']
    read = pyerrors.input.json.load_json_dict(str(tmp_path / 'transition.json.gz'),
                                              verbose=False, full_output=True)
    assert read['description']['deck'] == digest({'seed': 1})
    theirs, ours = ([level['kappa'] for level in levels]
                    for levels in (read['obsdata']['levels'], found['levels']))
    difference = value_and_error(ours[1] - ours[0])
    assert difference['error'] < value_and_error(ours[0])['error']
    assert value_and_error(theirs[1] - theirs[0]) == pytest.approx(difference, rel=1e-9)
    assert plain(found)['levels'][1]['kappa'] == value_and_error(ours[1])
