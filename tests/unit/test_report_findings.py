"""What captions and tables of the report say is found in the data."""

import numpy as np
import pytest

from phi4hpc.report import tables
from phi4hpc.report.spectra import Spectrum


def spectrum(values, images=None):
    value = np.array(values)
    return Spectrum(value, np.full(len(value), 1e-3), images)


def test_spectrum_counts_what_stands_above_rounding():
    s = spectrum([2.0, 2.0, 1e-3, 1e-7, 0.0])
    assert s.resolved == 3
    assert s.effective == pytest.approx(2, rel=1e-5)


def test_a_spectrum_of_zeros_resolves_nothing():
    assert (spectrum([0.0, 0.0]).resolved, spectrum([0.0, 0.0]).effective) == (0, 0.0)


def test_a_rank_that_is_bounded_is_known_by_values_that_vanish_exactly():
    assert spectrum([1.0, 0.5, 0.0, 0.0]).bounded
    assert not spectrum([1.0, 0.5, 1e-9, 0.0]).bounded
    assert not spectrum([1.0, 0.5]).bounded


def test_spots_are_told_from_waves():
    L = 16
    y, x = np.mgrid[:L, :L]
    wave, noise = np.cos(2 * np.pi * x / L), np.random.default_rng(1).normal(size=(L, L))
    spot = np.exp(-((x - 8) ** 2 + (y - 3) ** 2) / 4)
    images = np.stack([wave, spot, np.ones((L, L)), noise, spot.T])
    images /= np.linalg.norm(images, axis=(1, 2), keepdims=True)
    assert spectrum([1.0] * 5, images).spots == [2, 5]


@pytest.mark.parametrize(('draws', 'short'), [(499, True), (500, False)])
def test_chains_shorter_than_fifty_autocorrelation_times_are_marked(draws, short):
    quick, slow = ({'value': 1.0, 'error': 0.1, 'tau_int': tau, 'tau_int_error': 0.5}
                   for tau in (0.5, 10.0))
    entry = {'kappa': 0.25, 'r_hat': 1.0, 'effective_draws': 25.0, 'hopping': quick,
             'phi2': None, 'binder': slow}
    row = tables.row(entry, ['binder', 'hopping', 'phi2'], draws)
    assert (row['tau'], row['short']) == ('10.00(50)', short)
    assert row['means'] == ['1.00(10)', '1.00(10)', '–']
