"""Every operator is what its sites say, and its slopes and curvatures are exact.

All tests of the contract take every file of lattice/operators/, so that a new one is tested because
it exists.
"""

import numpy as np
import pytest

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.lattice.action import action, force, hopping
from phi4hpc.lattice.operator import FOLDER, LAST, distinct, load, nested
from phi4hpc.lattice.polynomials import Fields

NAMES = plugins.names(FOLDER)
L = 6


@pytest.fixture(scope='module')
def phi():
    return np.random.default_rng(3).normal(size=(2, L, L))


def sums(operator, phi_nyx):
    return Fields(phi_nyx, operator.reach).sums(operator.terms)


def by_hand(operator, phi_nyx):
    """Sum the product over all translations, once for each image; a square has eight symmetries."""
    shapes = set()
    for flips in [(a, b, swap) for a in (1, -1) for b in (1, -1) for swap in (0, 1)]:
        sites = [((flips[0] * y, flips[1] * x), (flips[1] * x, flips[0] * y))[flips[2]]
                 for y, x in operator.sites]
        least = min(y for y, _ in sites), min(x for _, x in sites)
        shapes.add(tuple(sorted((y - least[0], x - least[1]) for y, x in sites)))
    return sum(np.prod([np.roll(phi_nyx, site, (1, 2)) for site in shape], 0).sum((1, 2))
               for shape in shapes)


@pytest.mark.parametrize('name', NAMES)
def test_an_operator_is_a_sum_over_its_images(name, phi):
    np.testing.assert_allclose(sums(load(name), phi), by_hand(load(name), phi), rtol=1e-12)


@pytest.mark.parametrize('name', NAMES)
def test_slopes_and_curvatures_are_derivatives(name, phi):
    """Along one site S is a polynomial, so differences of high order are exact to rounding."""
    operator, steps = load(name), np.arange(-4, 5)
    fields, y, x = Fields(phi[:1], operator.reach), 2, 5
    moved = np.repeat(phi[:1], 9, 0)
    moved[:, y, x] += steps
    polynomial = np.polynomial.Polynomial.fit(steps, sums(operator, moved), 8)
    assert fields.values(operator.slope)[0, y, x] == pytest.approx(polynomial.deriv()(0))
    assert fields.values(operator.curvature)[0, y, x] == pytest.approx(polynomial.deriv(2)(0),
                                                                       abs=1e-6)
    np.testing.assert_allclose(fields.sums(operator.curvature),
                               fields.values(operator.curvature).sum((1, 2)), atol=1e-9)


@pytest.mark.parametrize('name', NAMES)
def test_operators_are_even_or_odd_and_homogeneous(name, phi):
    operator = load(name)
    for c in (-1, 1.5):
        np.testing.assert_allclose(sums(operator, c * phi),
                                   c**operator.degree * sums(operator, phi), rtol=1e-12)
    assert operator.even == (operator.degree % 2 == 0)
    assert 1 <= operator.truncation <= LAST


def test_the_action_and_its_force_are_made_of_three(phi):
    kappa, lam = 0.3, 0.7
    nearest, phi2, phi4 = map(load, ('nearest', 'phi2', 'phi4'))
    K = {nearest: -2 * kappa, phi2: 1 - 2 * lam, phi4: lam}
    np.testing.assert_allclose(sums(nearest, phi), hopping(phi))
    np.testing.assert_allclose(sum(K[each] * sums(each, phi) for each in K),
                               action(phi, kappa, lam))
    slope = sum(K[each] * Fields(phi, each.reach).values(each.slope) for each in K)
    np.testing.assert_allclose(slope, force(phi, kappa, lam))


def test_those_that_coincide_on_signs_are_left_out():
    found = [each.name for each in distinct(nested())]
    assert found[:2] == ['phi', 'nearest']
    assert not {'phi2', 'phi3', 'phi4', 'phi6', 'phi2_nearest', 'phi3_nearest'} & {*found}
    spins = np.random.default_rng(1).choice([-1.0, 1.0], size=(50, 8, 8))
    values_na = np.stack([sums(load(name), spins) for name in found], -1)
    assert np.linalg.matrix_rank(np.cov(values_na.T)) == len(found)


@pytest.mark.parametrize('signs', [False, True])
def test_every_one_of_the_nested_sets_adds_even_and_odd_ones(signs):
    operators = distinct(nested()) if signs else nested()
    counts = [[sum(each.even == even and each.truncation <= last for each in operators)
               for even in (True, False)] for last in range(1, LAST + 1)]
    assert (np.diff(counts, axis=0) > 0).all()


def test_an_operator_of_the_user_is_found_by_a_dotted_path(tmp_path, monkeypatch, phi):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / 'ownops').mkdir()
    (tmp_path / 'ownops' / 'far.py').write_text('LABEL = "$x$"\nSITES = [(0, 0), (0, 3)]\n')
    far = load('ownops.far')
    assert (far.truncation, far.reach, far.even) == (LAST, 3, True)
    expected = sum((phi * np.roll(phi, 3, axis)).sum((1, 2)) for axis in (1, 2))
    np.testing.assert_allclose(sums(far, phi), expected)
    assert nested(['ownops.far'])[-1].truncation == LAST


@pytest.mark.parametrize(('text', 'said'), [
    ('SITES = [(0, 0)]', 'expected an operator'), ('LABEL = "x"', 'expected an operator'),
    ('LABEL = "x"\nSITES = [(0, 0.5)]', 'expected an operator'),
    ('LABEL = "x"\nSITES = [3]', 'expected an operator'),
    ('LABEL = "x"\nSITES = [(0, 0)]\nTRUNCATION = 9', 'TRUNCATION = 9: expected'),
    ('import nothing_of_the_kind', 'cannot be imported')])
def test_what_is_wrong_with_a_users_operator_is_one_line(tmp_path, monkeypatch, text, said):
    monkeypatch.syspath_prepend(tmp_path)
    package = f'ownops_{abs(hash(text))}'
    (tmp_path / package).mkdir()
    (tmp_path / package / 'far.py').write_text(text)
    with pytest.raises(UserError, match=said) as caught:
        load(f'{package}.far')
    assert '\n' not in str(caught.value)
