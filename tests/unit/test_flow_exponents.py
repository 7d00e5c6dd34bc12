"""Exponents of block spins: exact where they are known, and safe where operators coincide."""

from itertools import pairwise

import numpy as np
import pytest
from pydantic import BaseModel
from scipy.linalg import eigvals

from phi4hpc import plugins
from phi4hpc.deck.schema import BLOCKS
from phi4hpc.flow import stability
from phi4hpc.flow.block import signs
from phi4hpc.flow.blocks import kadanoff, majority
from phi4hpc.flow.chain import Chain, sizes
from phi4hpc.flow.estimates import beside_smaller, correlations
from phi4hpc.flow.jackknifed import pair
from phi4hpc.flow.sums import Operators, add
from phi4hpc.lattice.operator import load, nested
from phi4hpc.parallel.jackknife import deleted_error
from tests.flows import estimated

LINEAR = [{'kadanoff': {}}, {'zone': {}}, {'tunable': {'w': 0.2}}, {'tunable': {'w': -0.1}}]
"""Block spins that are linear and keep the zero mode."""


def waves(L=16, draws=16 * 40):
    """Return fields (16 blocks, n, y, x) with strong long waves, and not normal."""
    p = 2 * np.sin(np.pi * np.fft.fftfreq(L))
    damping_yx = (0.05 + p[:, None]**2 + p**2) ** -0.5
    noise = np.random.default_rng(7).normal(size=(16, draws // 16, L, L))
    phi_bnyx = np.fft.ifft2(damping_yx * np.fft.fft2(noise)).real
    return phi_bnyx - 0.1 * phi_bnyx**3


@pytest.mark.parametrize('said', LINEAR, ids=str)
def test_the_odd_exponent_of_a_linear_block_spin_follows_from_its_factor(said):
    """y_h = 2 + log2 of what blocks are divided by, whatever operators are used: phi' is a block of
    phi, so the zero mode is an eigenvector of T.
    """
    found = estimated(BLOCKS.entry(said).settings, waves())
    factor = {entry['level']: entry['factor'] for entry in found.levels()}
    entries = list(found.exponents())
    assert [entry['step'] for entry in entries] == [1] * 4 + [2] * 4
    for entry in entries:
        exact = 2 + np.log2(factor[entry['step']]['value'])
        assert entry['y_h']['value'] == pytest.approx(exact, abs=1e-8)
        error = factor[entry['step']]['error'] / factor[entry['step']]['value'] / np.log(2)
        assert entry['y_h']['error'] == pytest.approx(error, rel=0.01)
        assert entry['dropped'] == 0


def test_a_change_has_the_error_of_the_factors_of_both_steps_together():
    """That of y_h follows from them with the same draws deleted, and is not that of independent
    ones."""
    made = estimated(kadanoff.Block(), waves())
    change_b = np.diff([np.log2(made.normalisation.factors(sums))[1:] for sums in made.without_b])
    entries = [entry for entry in made.exponents() if entry['step'] == 1]
    for entry in entries:
        assert entry['y_h']['change']['error'] == pytest.approx(
            float(deleted_error(change_b)[0]), rel=1e-5)
    after = [entry for entry in made.exponents() if entry['step'] == 2]
    for one, other in zip(entries, after, strict=True):
        for y in ('y_t', 'y_h'):
            assert one[y]['change']['value'] == other[y]['value'] - one[y]['value']
            assert other[y]['change'] is None


def test_a_truncation_has_the_error_of_a_difference_on_the_same_draws():
    """Of two sets of operators that see the same draws it is far below that of the exponents."""
    made = estimated(kadanoff.Block(signs=True), waves())
    entries = [entry for entry in made.exponents() if entry['step'] == 1]
    for one, larger in pairwise(entries):
        value_b = [[exponent_of(made, means, entry) for entry in (one, larger)]
                   for means in made.means_b]
        (one_b, larger_b), found = np.transpose(value_b), larger['y_t']
        assert found['truncation_error'] == pytest.approx(
            float(deleted_error((larger_b - one_b)[:, None])[0]), rel=1e-6, abs=1e-12)
    assert 0 < found['truncation_error'] < 0.5 * found['error']
    assert entries[0]['y_t']['truncation_error'] is None


def exponent_of(made, means, entry):
    """Return y_t by the operators of an entry, from the generalised eigenvalues."""
    names = [each.name for each in made.operators.all]
    own = [names.index(name) for name in entry['operators_even']]
    covariance_aa, _, cross_aa = correlations(means, entry['step'], own, True)
    return np.log2(abs(eigvals(cross_aa, covariance_aa)).max())


def test_a_number_whose_error_is_not_known_is_not_defined():
    assert pair(1.0, 0.1) == {'value': 1.0, 'error': 0.1}
    assert pair(1.0, np.nan) is pair(np.nan, 0.1) is None


def test_decimation_has_no_such_exponent():
    """It does not keep the zero mode, so the test before is no identity of the estimator."""
    found = estimated(BLOCKS.entry({'decimation': {}}).settings, waves())
    factor = [entry['factor']['value'] for entry in found.levels()]
    assert all(abs(entry['y_h']['value'] - 2 - np.log2(factor[entry['step']])) > 0.01
               for entry in found.exponents())


@pytest.mark.parametrize('name', plugins.names(BLOCKS.package))
def test_blocks_keep_signs_and_most_of_them_constants(name):
    settings = BLOCKS.entry({name: {}}).settings
    assert isinstance(settings, BaseModel)
    if settings.learned:
        return
    phi_nyx = np.random.default_rng(2).normal(size=(3, 8, 8))
    coarse, opposite = (settings.coarse(c * phi_nyx, lambda: np.ones((3, 4, 4)), None)
                        for c in (1, -1))
    assert coarse.shape == (3, 4, 4)
    np.testing.assert_allclose(opposite, -coarse)
    constant = settings.coarse(np.ones((1, 8, 8)), lambda: np.ones((1, 4, 4)), None)
    np.testing.assert_allclose(constant, 1)


def test_operators_that_coincide_change_nothing():
    """On signs phi^2 and phi^4 are constants, and phi^3 is phi: the same exponents with and without
    them, and it is said how many directions are dropped.
    """
    phi_bnyx = signs(waves())
    block = majority.Block(signs_first=True)
    chain = Chain(block, None, sizes(16, 4), seed=1)
    few = estimated(block, phi_bnyx)
    many = estimated(block, phi_bnyx, operators=Operators(nested(), []))
    assert few.operators.all == Operators.of(nested(), chain).all != nested()
    for one, other in zip(few.exponents(), many.exponents(), strict=True):
        assert one['dropped'] == 0
        assert other['dropped'] == other['even'] + other['odd'] - one['even'] - one['odd'] > 0
        for y in ('y_t', 'y_h'):
            assert other[y]['value'] == pytest.approx(one[y]['value'], abs=1e-6)


def test_a_direction_that_few_draws_do_not_resolve_is_dropped():
    """The covariance of four draws has three directions, and five or more even operators."""
    found = list(estimated(kadanoff.Block(), waves()[:2, :2]).exponents())
    assert all(entry['dropped'] >= entry['even'] - 3 for entry in found)


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
@pytest.mark.parametrize('phi_nyx', [np.ones((2, 8, 8)), np.zeros((2, 8, 8)),
                                     np.full((2, 8, 8), np.nan)], ids=['ones', 'zeros', 'nan'])
def test_draws_that_tell_nothing_leave_nothing_defined(phi_nyx):
    """And end nothing: no exponents of the fields, and no couplings."""
    found = estimated(kadanoff.Block(), np.stack([phi_nyx] * 4))
    for entry in found.exponents():
        assert entry['y_t'] is None
    for entry in found.couplings():
        assert entry['kappa_prime'] is None
        assert set(entry['K'].values()) == {None}
    assert len(list(found.levels())) == 2
    assert len(list(found.densities())) == 2


def test_t_is_found_from_correlations():
    """Where S = T^t S' + noise, with which S' is not correlated."""
    rng = np.random.default_rng(3)
    T_aa = np.diag([2.0, 0.7, 0.2]) + 0.1 * rng.normal(size=(3, 3))
    independent_ni = np.linalg.qr(rng.normal(size=(50, 6)))[0]
    coarse_na = independent_ni[:, :3] @ rng.normal(size=(3, 3))
    fine_na = coarse_na @ T_aa + independent_ni[:, 3:]
    given = coarse_na.T @ coarse_na, (coarse_na**2).sum(0), coarse_na.T @ fine_na
    np.testing.assert_allclose(stability.matrix(*given, kept=3), T_aa, atol=1e-9)
    y = np.log2(abs(np.linalg.eigvals(T_aa)).max())
    assert stability.exponent(*given, kept=3) == pytest.approx(y)


def test_a_largest_eigenvalue_that_is_not_positive_is_no_exponent():
    turn_aa = np.array([[0.0, 1.0], [-1.0, 0.0]])
    for cross_aa in (turn_aa, -np.eye(2), np.eye(2)):
        y = stability.exponent(np.eye(2), np.ones(2), cross_aa, kept=2)
        assert np.isnan(y) == (cross_aa is not np.eye(2) and cross_aa.trace() <= 0)


def test_ties_are_random_and_the_same_however_draws_are_dealt():
    phi_nyx = np.kron(np.ones((1, 8, 8)), [[1.0, -1.0], [1.0, -1.0]])
    chain = Chain(majority.Block(), None, [16, 8], seed=5)
    fields = np.repeat(phi_nyx, 400, 0)
    _, together = chain.levels(fields, 3, range(400))
    _, apart = chain.levels(fields[100:200], 3, range(100, 200))
    _, other = chain.levels(fields[100:200], 4, range(100, 200))
    np.testing.assert_array_equal(together[100:200], apart)
    assert (apart != other).any()
    assert set(np.unique(together)) == {-1, 1}
    assert abs(together.mean()) < 4 / np.sqrt(together.size)


def test_what_is_known_of_draws_serves_all_block_spins_alike():
    """The same sums to the bit, with and without what another block spin left."""
    phi_nyx, known = waves()[0], {}
    for said in LINEAR[:2]:
        chain = Chain(BLOCKS.entry(said).settings, None, sizes(16, 4), seed=1)
        operators = Operators.of(nested(), chain)
        alone, after = (operators.zeros(3, 1) for _ in 'ab')
        add(alone, 0, chain, operators, phi_nyx, 0, range(40))
        add(after, 0, chain, operators, phi_nyx, 0, range(40), known)
        assert list(known) == [(0, 0)]
        for name, array in alone.items():
            np.testing.assert_array_equal(after[name], array, err_msg=name)
    assert not Chain(majority.Block(), None, [8, 4], seed=1).as_stored


def test_a_start_at_half_the_size_shows_what_finite_size_does():
    def entries(start, values):
        return [{'blocks': 'kadanoff', 'kappa': 0.3, 'start': start, 'step': step,
                 'L': start >> step - 1, 'even': 3, 'odd': 2,
                 'y_t': {'value': value, 'error': 0.3 if start == 64 else 0.4},
                 'y_h': None} for step, value in enumerate(values, 1)]

    found = entries(64, [0.9, 1.0, 1.1]) + entries(32, [0.95, 1.04])
    beside_smaller(found)
    assert [entry['y_t']['lattice'] for entry in found] == pytest.approx(
        [0.05, 0.04, None, None, None])
    assert [entry['y_t']['lattice_error'] for entry in found] == pytest.approx(
        [0.5, 0.5, None, None, None])                 # of independent draws
    assert all(entry['y_h'] is None for entry in found)


def test_the_nested_sets_of_signs_and_of_fields_are_named():
    entry = list(estimated(kadanoff.Block(signs=True), waves()).exponents())[0]
    assert (entry['operators_even'], entry['operators_odd']) == (['nearest'], ['phi'])
    assert entry['y_t']['truncation'] is None
    assert load('nearest').truncation == 1
