"""Thin ladders and short runs: what draws give is found, the rest has a line with a reason."""

from types import SimpleNamespace

import numpy as np
import pytest

from phi4hpc.lattice.transition import UNIVERSAL
from phi4hpc.parallel import leftout
from phi4hpc.parallel.leftout import Missing
from phi4hpc.statistics.critical import critical, plain
from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.curvetable import row, stops, tabulated
from phi4hpc.statistics.gamma import estimate
from phi4hpc.statistics.neighbours import bridges, connected
from phi4hpc.statistics.points import crossing, peak, root
from tests.simulate import observe

LAMBDA = 0.02
VARIANCE = 1000.0
"""Of H in made-up draws, whose density of states is normal: ln Z = 2 VARIANCE kappa^2 + const."""


def normal_energies(kappas, draws=2000, seed=3):
    """Return H (k, 1, n) of independent draws from a normal density of states."""
    rng = np.random.default_rng(seed)
    mean_k11 = 2 * VARIANCE * np.array(kappas)[:, None, None]
    return rng.normal(mean_k11, VARIANCE**0.5, (len(kappas), 1, draws))


def series(kappas, seed=3):
    """Return the series of a made-up lattice L = 4 whose U_L rises, M^2 and G(p) well apart."""
    hopping = normal_energies(kappas, seed=seed)
    rng = np.random.default_rng(seed)
    widths = 1 + 0.5 * np.tanh(20 * (np.array(kappas)[:, None, None] - 0.3))
    signs = rng.choice([-1, 1], hopping.shape)
    sizes = 1 + rng.normal(size=hopping.shape) / widths**4
    return {'magnetisation': signs * sizes, 'hopping': hopping / 16,
            'mode': rng.exponential(size=hopping.shape)}


def test_the_difference_of_free_energies_of_two_rungs():
    kappas = [0.2, 0.22, 0.27]
    exact = -2 * VARIANCE * np.diff(np.square(kappas))
    rises = [bridge.rise for bridge in bridges(kappas, normal_energies(kappas))]
    np.testing.assert_allclose(rises, exact, atol=0.3)


@pytest.mark.parametrize(('kappas', 'parts'), [
    ([0.2], [slice(0, 1)]),
    ([0.2, 0.22, 0.24], [slice(0, 3)]),
    ([0.2, 0.22, 0.40], [slice(0, 2), slice(2, 3)]),
    ([0.0, 0.2, 0.22, 0.24, 0.4, 0.6], [slice(0, 1), slice(1, 4), slice(4, 5), slice(5, 6)])])
def test_a_ladder_is_split_where_draws_do_not_carry(kappas, parts):
    assert connected(kappas, normal_energies(kappas)) == parts


@pytest.mark.parametrize(('distance', 'carries'), [(0.10, True), (0.13, False)])
def test_draws_carry_as_long_as_two_in_a_hundred_count(distance, carries):
    """Half-way between rungs the draws near zero of E = 2 (H - <H>) count, by their weight
    1 / cosh(distance E / 2)."""
    deviation = 2 * VARIANCE**0.5
    E = np.linspace(-10, 10, 2001) * deviation
    density = sum(np.exp(-0.5 * (E / deviation + side * distance * deviation / 2) ** 2)
                  for side in (-1, 1))
    weight = 1 / np.cosh(distance * E / 2)
    counting = 2 * (density @ weight) ** 2 / (density @ weight**2) / density.sum()
    assert (counting > 0.02) == carries
    kappas = [0.2, 0.2 + distance]
    assert len(connected(kappas, normal_energies(kappas, 20_000))) == 2 - carries


@pytest.fixture(scope='module')
def torn():
    """Return a Curve of two parts."""
    kappas = [0.2, 0.22, 0.24, 0.40, 0.42]
    return Curve(4, kappas, series(kappas), LAMBDA)


def test_every_part_is_reweighted_by_itself(torn):
    """Of a normal density of states <H> = 2 VARIANCE kappa, in each part as of its own ladder."""
    for kappa in (0.19, 0.23, 0.395, 0.41):
        found = estimate(torn(kappa)['hopping'])
        assert abs(found.value - 2 * VARIANCE * kappa / 16) < 4 * found.error < 1
    upper = {name: values[3:] for name, values in series(torn.kappas).items()}
    alone = Curve(4, [0.40, 0.42], upper, LAMBDA)
    assert alone(0.41)['hopping'].value == torn(0.41)['hopping'].value


def test_between_parts_nothing_is_defined(torn):
    kappas = stops(torn)
    table = tabulated(torn, [row(torn, kappa) for kappa in kappas])
    assert set(torn.kappas) < set(kappas)
    assert (np.diff(kappas) > 0).all()
    gap, = [i for i, value in enumerate(table['hopping']['value']) if value is None]
    assert torn.parts[0].reach[1] < kappas[gap] < torn.parts[1].reach[0]
    for name in ('binder', 'susceptibility', 'free_energy'):
        assert table[name]['value'][gap] is None
    assert table['free_energy']['value'][-1] is None    # relative to a rung of the other part
    assert table['thin'] == [(0.24, 0.40, 0.0)]
    assert table['overlap'][2][3] == table['overlap'][3][2] == 0.0
    np.testing.assert_allclose(np.sum(table['overlap'], 1), 1, atol=1e-5)


def test_points_are_looked_for_in_every_part(torn):
    level = torn.value('binder', 0.415)
    assert estimate(crossing(torn, 'binder', level - 1e-4)).value > 0.395
    message = r'hopping does not rise through 40 where draws reach, 0.* and 0\.'
    with pytest.raises(Missing, match=message):
        crossing(torn, 'hopping', 40.0)
    with pytest.raises(Missing, match='hopping has no maximum'):
        peak(torn, 'hopping')


def test_where_a_mean_is_not_defined_it_does_not_cross():
    """The step from where a function is not defined to where it is above zero is no root."""
    assert root(lambda x: np.nan if x < 0.5 else x, np.linspace(0, 1, 9)) is None
    found = root(lambda x: np.nan if x < 0.5 else x - 0.7, np.linspace(0, 1, 9))
    assert found == pytest.approx(0.7, abs=1e-10)
    assert root(lambda x: np.nan if 0.6 < x < 0.9 else x - 0.7, np.linspace(0, 1, 3)) is None


class Known(Curve):
    """A Curve whose mean is a known function of kappa, between 0.1 and 0.4."""

    def __init__(self, mean):
        self.L, self.value, self.mean = 4, mean, mean
        self.parts = [SimpleNamespace(reach=(0.1, 0.4), step=1e-4)]

    def part(self, kappa):
        return self.parts[0]


def test_of_two_crossings_the_steep_one_counts():
    """Where two curves agree but for chance, that makes them cross as well: here at pi / 20."""
    steep = Known(lambda _, kappa: np.tanh(100 * (kappa - 0.3)) + 1e-3 * np.sin(40 * kappa))
    other = Known(lambda _, kappa: -1.0 if kappa < 0.25 else 0.0)
    assert crossing(steep, 'binder', other) == pytest.approx(0.3, abs=1e-4)


def short_run(device, L, kappas, chains=2, draws=50):
    """Return series {name: (k, c, n)} of a few draws by Metropolis sweeps alone."""
    kappa_r = np.repeat(kappas, chains)
    values_nrq = observe(device, L, kappa_r, LAMBDA, observable=series_of_curves,
                         replicas=len(kappa_r), draws=draws, spacing=1)
    values_qkcn = values_nrq.transpose(2, 1, 0).reshape(3, len(kappas), chains, draws)
    return dict(zip(('magnetisation', 'hopping', 'mode'), values_qkcn, strict=True))


def series_of_curves(held):
    """Return magnetisation, hopping and mode (r, 3) of replicas."""
    return np.column_stack([held.measure()[:, :2], held.longest_mode()])


def constant(series):
    return {name: np.full_like(values, values.flat[0]) for name, values in series.items()}


def assert_all_is_there_or_has_a_reason(curves):
    """Assert that each point is found or has its line, and that no number is NaN or infinite."""
    leftout.lines.clear()
    *_, found = critical(curves)
    wanted = len(UNIVERSAL) * (2 * len(curves) - 1) + len(curves)
    there = sum(len(found[name]) for name in ('levels', 'crossings', 'peaks'))
    reasons = [line for line in leftout.lines if ': level of ' in line or ': crossing of ' in line
               or ': peak of ' in line]
    assert there + len(reasons) == wanted
    assert not any('Error' in line for line in leftout.lines)
    rows = [row(curve, kappa) for curve in curves.values() for kappa in stops(curve)[::16]]
    assert all(np.isfinite(number) for number in numbers([plain(found), rows]))
    return found


def numbers(tree):
    """Yield every number in nested dicts and lists."""
    if isinstance(tree, dict | list | tuple):
        for branch in tree.values() if isinstance(tree, dict) else tree:
            yield from numbers(branch)
    elif isinstance(tree, float | int):
        yield tree


THIN = {'no overlap at all': ([32], [0.2, 0.3]),
        'one of several rungs is far': ([8, 16, 32], [0.269, 0.2695, 0.3]),
        'a single rung': ([8, 16], [0.2695]),
        'a single chain': ([8, 16], [0.26, 0.27, 0.28], 1, 100),
        'many short chains': ([8], [0.26, 0.27], 20, 5),
        'the symmetric phase': ([8, 16, 32], [0.0, 0.05]),
        'the broken phase': ([8, 16, 32], [0.5, 0.52])}
"""Sizes, kappas, and where they are not 2 and 50, chains and draws."""


@pytest.mark.parametrize('ladder', THIN.values(), ids=THIN)
def test_thin_ladders_and_short_runs_lose_no_stage(device, ladder):
    sizes, kappas, *size = ladder
    assert_all_is_there_or_has_a_reason(
        {L: Curve(L, kappas, short_run(device, L, kappas, *size), LAMBDA) for L in sizes})


@pytest.mark.parametrize('kappas', [[0.2695], [0.26, 0.27]])
def test_draws_that_never_change_lose_no_stage(device, kappas):
    curves = {L: Curve(L, kappas, constant(short_run(device, L, kappas)), LAMBDA)
              for L in (8, 16, 32)}
    found = assert_all_is_there_or_has_a_reason(curves)
    assert found['levels'] == found['crossings'] == found['peaks'] == []


@pytest.mark.parametrize('seed', range(3))
def test_random_ladders_lose_no_stage(device, seed):
    rng = np.random.default_rng(seed)
    kappas = np.unique(rng.normal(0.2695, 10 ** rng.uniform(-4, -1.5), rng.integers(1, 6)))
    sizes = sorted(int(L) for L in rng.choice([4, 6, 8, 16], rng.integers(1, 4), replace=False))
    assert_all_is_there_or_has_a_reason(
        {L: Curve(L, kappas, short_run(device, L, kappas), LAMBDA) for L in sizes})
