"""Curves over kappa from the draws of a ladder: against free fields, pymbar and quadrature."""

import numpy as np
import pyerrors
import pytest
from pymbar import MBAR, mbar_solvers
from scipy.special import erf

from phi4hpc.device.fields import Fields
from phi4hpc.lattice.draws import Draws
from phi4hpc.lattice.exact import two_torus
from phi4hpc.lattice.observable import Ensemble, chosen, moments
from phi4hpc.sampling import measure
from phi4hpc.sampling.algorithms import metropolis
from phi4hpc.sampling.ladder import Ladder
from phi4hpc.sampling.start import normal
from phi4hpc.statistics.gamma import estimate
from phi4hpc.statistics.means import flat, nested, values
from phi4hpc.statistics.reweighting import MultiHistogram
from tests.series import autoregressive, free_fields, series_of

L, KAPPAS = 4, np.array([0.17, 0.195, 0.215, 0.23])
P = 2 * np.pi * np.arange(L) / L
COSINES = np.cos(P)[:, None] + np.cos(P)


@pytest.fixture(scope='module')
def series():
    """Return the series {name: (k, c, n)} of autocorrelated free fields on a ladder."""
    white = autoregressive(0.5, (2, 6000, len(KAPPAS), L, L), seed=21)
    of_rungs = [free_fields(kappa, white[:, :, k]) for k, kappa in enumerate(KAPPAS)]
    rungs = [series_of(phi) for phi in of_rungs]
    return {name: np.stack([rung[name] for rung in rungs]) for name in rungs[0]}


@pytest.fixture(scope='module')
def histogram(series):
    return MultiHistogram(KAPPAS, L**2 * series['hopping'])


@pytest.mark.parametrize('kappa', [0.165, 0.17, 0.205, 0.225, 0.232])
def test_curves_of_free_fields(series, histogram, kappa):
    observables = chosen('curves')
    binned = histogram.binned(flat(moments(observables, Draws.of_series(L, series)), 3))
    means = nested(histogram.means(kappa, binned))
    made = values(observables, means, Ensemble(L, kappa, 0.0))
    found = {name: estimate(mean) for name, mean in made.items()}
    propagator, zero_mode = 1 / (2 * (1 - 2 * kappa * COSINES)), 1 / (2 * (1 - 4 * kappa))
    for name, exact in {'abs_magnetisation': np.sqrt(2 * zero_mode / np.pi) / L,
                        'susceptibility_m2': zero_mode,
                        'susceptibility': zero_mode * (1 - 2 / np.pi), 'binder': 0.0,
                        'hopping': (COSINES * propagator).mean(),
                        'specific_heat': 8 * ((COSINES * propagator) ** 2).mean(),
                        'correlation_ratio': np.sqrt(kappa / (1 - 4 * kappa)) / L}.items():
        assert abs(found[name].value - exact) < 4 * found[name].error < 0.3 * abs(exact) + 0.3, name


def test_free_energies_of_free_fields(histogram):
    """-ln Z = 1/2 sum_p ln(1 - 2 kappa c_p) + const."""
    def exact(kappa):
        return np.log(1 - 2 * kappa * COSINES).sum() / 2

    assert histogram.free_energy(KAPPAS[0]).value == 0
    for kappa in (0.165, 0.2, KAPPAS[2], 0.232):
        found = estimate(histogram.free_energy(kappa))
        assert abs(found.value - exact(kappa) + exact(KAPPAS[0])) < 4 * found.error
        assert found.error < 0.05


def test_it_is_pymbar_on_all_draws(monkeypatch):
    """On independent draws values and errors are pymbar's, though f is first found on a hundredth
    of the draws."""
    monkeypatch.setattr('phi4hpc.statistics.reweighting.SAMPLE', 400)
    rng = np.random.default_rng(3)
    hopping = rng.normal(2000 * KAPPAS[:, None, None], np.sqrt(1000), (len(KAPPAS), 2, 5000))
    histogram = MultiHistogram(KAPPAS, hopping)
    peer = MBAR(-2 * np.outer(KAPPAS, hopping.ravel()), [10_000] * len(KAPPAS))
    free_energies = [histogram.free_energy(kappa).value for kappa in KAPPAS]
    np.testing.assert_allclose(free_energies, peer.f_k, atol=1e-4)
    kappa = 0.203
    theirs = peer.compute_expectations(hopping.ravel(), u_kn=-2 * kappa * hopping.ravel())
    ours = estimate(histogram.means(kappa, histogram.binned({'hopping': hopping}))['hopping'])
    assert ours.value == pytest.approx(theirs['mu'], abs=0.01 * ours.error)
    assert ours.error == pytest.approx(theirs['sigma'], rel=0.1)
    np.testing.assert_allclose(histogram.overlap, peer.compute_overlap()['matrix'], atol=0.05)


@pytest.fixture
def gradients(monkeypatch):
    """Return a list that grows with every gradient which pymbar takes, two a step."""
    taken, take = [], mbar_solvers.mbar_gradient
    monkeypatch.setattr(mbar_solvers, 'mbar_gradient', lambda *args: taken.append(1) or take(*args))
    return taken


def test_rungs_that_all_but_coincide_are_solved_in_few_steps(gradients):
    """On a small lattice the rungs of a narrow ladder do; pymbar by itself would make ten thousand
    steps."""
    hopping = np.random.default_rng(4).normal(20, 5, (6, 2, 1500))
    histogram = MultiHistogram(0.26 + 1e-6 * np.arange(6), hopping)
    assert len(gradients) < 20
    np.testing.assert_allclose(histogram.overlap, 1 / 6, atol=1e-3)


def test_long_ladders_of_thin_overlap_are_solved_in_few_steps(gradients):
    """Of a normal density of states, ln Z = 2 variance kappa^2 + const; starting from zeros, pymbar
    has a long way to go."""
    variance, kappas = 1000, 0.2 + 0.08 * np.arange(12)
    rng = np.random.default_rng(5)
    hopping = rng.normal(2 * variance * kappas[:, None, None], variance**0.5, (12, 2, 1000))
    histogram = MultiHistogram(kappas, hopping)
    assert len(gradients) < 30
    found = estimate(histogram.free_energy(kappas[-1]))
    exact = -2 * variance * (kappas[-1] ** 2 - kappas[0] ** 2)
    assert abs(found.value - exact) < 4 * found.error < 10


def test_errors_of_overlaps_are_the_scatter_over_runs(device):
    """Also where replicas are exchanged: an overlap moves with the free energies of all rungs."""
    densities_rknq, kappas = exchanged(device, runs=100, draws=300, seed=8)
    runs = [MultiHistogram(kappas, hopping_kcn).neighbour_overlaps()
            for hopping_kcn in 4 * densities_rknq[:, :, None, :, 1]]
    found = np.array([[(e.value, e.error) for e in map(estimate, overlaps)] for overlaps in runs])
    np.testing.assert_allclose(found[..., 1].mean(0), found[..., 0].std(0), rtol=0.25)


def exchanged(device, runs, draws, seed, lam=0.02, kappas=(0.22, 0.25, 0.28, 0.31), skipped=100):
    """Return the densities (run, rung, draw, 4) of many small runs at L = 2 whose rungs exchange
    replicas."""
    count = runs * len(kappas)
    fields = Fields(device, 2, 'float32', lam, seed, range(count))
    fields.write(normal(2, range(count), seed))
    ladder, found = Ladder(kappas, runs, seed, 2), []
    for turn in range(skipped + draws):
        metropolis.launch(fields, None, ladder.kappas[ladder.rung_r], np.full(count, 1.8), turn, 1)
        densities_rq = measure.densities(fields)
        found.append(densities_rq[ladder.replica_ck])
        ladder.turn(4 * densities_rq[:, 1:2], turn)
    return np.array(found[skipped:]).transpose(1, 2, 0, 3), np.array(kappas)


def deviations(device, runs, draws=1500, seed=5, kappa=0.265, lam=0.02):
    """Return (run, 2) deviations of <M^2> and U_L from quadrature, and the (run, 2) errors that
    each run claims."""
    densities_rknq, kappas = exchanged(device, runs, draws, seed, lam)
    m2, m4, _ = two_torus(kappa, lam)
    exact, found = np.array([m2, 1 - m4 / (3 * m2**2)]), []
    for densities_knq in densities_rknq:
        square = densities_knq[:, None, :, 0] ** 2
        histogram = MultiHistogram(kappas, 4 * densities_knq[:, None, :, 1])
        mean = histogram.means(kappa, histogram.binned({'m2': square, 'm4': square**2}))
        found.append([estimate(o) for o in (mean['m2'], 1 - mean['m4'] / (3 * mean['m2'] ** 2))])
    values_rq, errors_rq = (np.array([[getattr(e, part) for e in run] for run in found])
                            for part in ('value', 'error'))
    return values_rq - exact, errors_rq


def assert_covers(deviations_rq, errors_rq, scattered=False):
    """Assert that 68% and 95% bands hold the truth as often as they claim, within three binomial
    errors.

    `scattered`: as often as bands can whose width scatters as these do, though it is right in the
    mean of squares.
    """
    for width in (1.0, 1.96):
        relative_rq = (errors_rq / np.sqrt(np.square(errors_rq).mean(0)) if scattered
                       else np.ones_like(errors_rq))
        claim = erf(width * relative_rq / np.sqrt(2)).mean(0)
        covered = (abs(deviations_rq) < width * errors_rq).mean(0)
        binomial = np.sqrt(claim * (1 - claim) / len(errors_rq))
        assert (abs(covered - claim) < 3 * binomial).all(), (width, claim, covered)


def test_bands_cover_as_often_as_they_claim(device):
    """A hundred runs, reweighted to between rungs; draws remember others, and replicas carry this
    over the rungs."""
    assert_covers(*deviations(device, 100))


@pytest.mark.long
@pytest.mark.parametrize('kappa', [0.215, 0.25, 0.295])
def test_bands_cover_in_a_thousand_runs(device, kappa):
    assert_covers(*deviations(device, 1000, seed=6, kappa=kappa), scattered=True)


def test_bands_that_take_draws_for_independent_do_not_cover(device, monkeypatch):
    """The count can fail: without autocorrelation the errors are half of what they should be."""
    aware = pyerrors.Obs.gamma_method
    monkeypatch.setattr('pyerrors.Obs.gamma_method', lambda self: aware(self, S=0))
    with pytest.raises(AssertionError):
        assert_covers(*deviations(device, 30))
