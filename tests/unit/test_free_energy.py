"""Differences of free energies go as far as the rungs of both lattices overlap."""

from types import SimpleNamespace

import numpy as np

from phi4hpc.report.figures.reweighting import ends, less

KAPPAS = np.array([0.24, 0.3])


def table(L, known):
    """Return a table of F = L^2 kappa^3 that ends after `known` of ten kappas."""
    kappa = np.linspace(*KAPPAS, 10)
    value = np.where(np.arange(10) < known, L**2 * kappa**3, np.nan)
    return {'L': L, 'kappa': kappa.tolist(),
            'free_energy': {'value': value.tolist(), 'error': (0 * value + 0.1).tolist()}}


def test_a_difference_ends_where_one_of_two_lattices_does():
    for smaller, larger in ((10, 6), (6, 10)):
        kappa, difference, error = less(table(4, smaller), table(8, larger), KAPPAS)
        assert kappa.size == 6
        np.testing.assert_allclose(difference, 0, atol=1e-12)
        np.testing.assert_allclose(error, np.hypot(0.1, 0.1 / 4))


def study(known, binders=(0.0, 0.66)):
    """Return a study whose largest lattice has `known` of ten kappas, and U_L at both ends."""
    return SimpleNamespace(
        reweighted=[table(4, 10), table(8, known)], sizes=[4, 8], kappas=lambda L: KAPPAS,
        deck=SimpleNamespace(action=SimpleNamespace(lam=0.02)),
        entries=lambda L: [{'L': L, 'kappa': kappa, 'binder': {'value': value, 'error': 0.01}}
                           for kappa, value in zip(KAPPAS, binders, strict=True)])


def test_nothing_is_said_of_the_highest_kappa_where_a_difference_ends_before():
    for known, lattices in ((10, [4]), (6, []), (1, [])):
        assert [end['L'] for end in ends(study(known))] == lattices


def test_two_phases_are_expected_only_where_ladders_lead_through_the_transition():
    assert ends(study(10, binders=(0.5, 0.66))) == ends(study(10, binders=(0.0, 0.1))) == []
