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


def test_nothing_is_said_of_the_highest_kappa_where_a_difference_ends_before():
    for known, lattices in ((10, [4]), (6, []), (1, [])):
        study = SimpleNamespace(reweighted=[table(4, 10), table(8, known)],
                                kappas=lambda L: KAPPAS)
        assert [end['L'] for end in ends(study)] == lattices
