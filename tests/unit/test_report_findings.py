"""What tables of the report say is found in the data."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from phi4hpc.report import findings, spectra, tables
from phi4hpc.report.page import render
from phi4hpc.report.trainings import Model
from tests.made_up import SIZES, make


def test_spots_are_known_from_waves():
    L = 16
    y, x = np.mgrid[:L, :L]
    wave, noise = np.cos(2 * np.pi * x / L), np.random.default_rng(1).normal(size=(L, L))
    spot = np.exp(-((x - 8) ** 2 + (y - 3) ** 2) / 4)
    images = np.stack([wave, spot, np.ones((L, L)), noise, spot.T])
    images /= np.linalg.norm(images, axis=(1, 2), keepdims=True)
    assert spectra.spots({'lattice_directions': images}) == 'directions 2 and 5'
    assert spectra.spots({'lattice_directions': images[:2]}) == 'direction 2'
    assert spectra.spots({'lattice_directions': images[:1]}) is None


@pytest.mark.parametrize(('draws', 'short'), [(499, True), (500, False)])
def test_chains_shorter_than_fifty_autocorrelation_times_are_marked(draws, short):
    quick, slow = ({'value': 1.0, 'error': 0.1, 'tau_int': tau, 'tau_int_error': 0.5}
                   for tau in (0.5, 10.0))
    entry = {'kappa': 0.25, 'r_hat': 1.0, 'effective_draws': 25.0, 'hopping': quick,
             'phi2': None, 'binder': slow}
    row = tables.row(entry, ['binder', 'hopping', 'phi2'], draws)
    assert (row['tau'], row['short']) == ('10.00(50)', short)
    assert row['means'] == ['1.00(10)', '1.00(10)', '–']


def test_of_many_models_the_findings_tell_the_least_and_the_most(tmp_path, monkeypatch):
    study = make(tmp_path)
    [models] = study.models.values()
    assert tables.ranges(study) == []
    monkeypatch.setattr(tables, 'IN_FINDINGS', 1)
    [found] = tables.ranges(study)
    ratios = sorted((model.record['ratio'], model.title) for model in models)
    assert found['count'] == len(models) == 2
    assert [found[end]['title'] for end in ('least', 'most')] == [title for _, title in ratios]
    html = ' '.join(re.sub('<[^>]*>', '', render(study, [], 1, 'host (g++)')).split())
    assert '2 of d = 3 have from 0.9812(31) (dense, d = 3, its training had not converged) to 1, ' \
        in html


def test_the_ratio_of_a_control_stands_beside_that_which_it_controls(tmp_path, monkeypatch):
    study = make(tmp_path)
    trained = next(model for model in study.everyone if model.family == 'dense')
    without = words(render(study, [], 1, 'host (g++)'))
    monkeypatch.setattr(tables, 'controls', lambda study: {trained.of_seeds: '1.0012(29)'})
    html = words(render(study, [], 1, 'host (g++)'))
    assert 'at κ = 0.269: 0.9812(31) [control 1.0012(29)]' in html
    assert '0.9812(31) 1.0012(29) 8 / 2' in html
    assert 'control' not in without


def test_a_control_that_is_the_linear_optimum_to_rounding_is_1():
    record = {'ratio': 1 - 4e-10, 'ratio_error': 9e-11}
    control = Model('', 0, 8, 0.269, 'cubic', 5, record, [], 'of_seeds')
    assert tables.controls(SimpleNamespace(controls=[control])) == {'of_seeds': '1'}


def test_points_on_the_kappa_axis_stand_in_a_row_for_each_lattice(tmp_path):
    table = findings.points_by_size(make(tmp_path))
    at = table['columns'].index({'of': 'binder', 'what': 'crosses'})
    assert [row['L'] for row in table['rows']] == SIZES
    assert [row['cells'][at] for row in table['rows']] == ['–', '0.269500(10)']


def words(html):
    """Return the text of a page, as it is read."""
    return ' '.join(re.sub('<[^>]*>', ' ', html).split())


def test_values_of_orbits_whose_error_is_large_are_left_out_and_counted():
    """Rounding beside the largest value is no reason to leave one out."""
    group = {'value': np.array([2.0, 1.0, 0.05, 1e-9]),
             'value_error': np.array([0.1, 0.6, 0.08, 1e-8])}
    assert spectra.clear(group['value'], group['value_error']).tolist() == [True, False, False,
                                                                            True]
    assert spectra.unclear(group, 'value') == 2
    assert spectra.unclear(group, 'value', least=0.1) == 1
