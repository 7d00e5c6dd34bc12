"""What the caption says of information: which model keeps enough, and where a small loss misleads.
"""

import json
from types import SimpleNamespace

import h5py
import pandas as pd
import pytest

from phi4hpc.report import information
from phi4hpc.report.export import export
from phi4hpc.report.figure import kind, said
from phi4hpc.report.figures import information as figure
from phi4hpc.report.information import Kept
from phi4hpc.report.study import Model
from tests.made_up import make


def kept(family, latent, kappa, variance, error=0.001, network=0.0):
    record = {'ratio': 1, 'trained': False, 'converged': True}
    model = Model(family, 0, 32, 0.27, family, latent, record, [])
    value = {'kappa': kappa, 'lambda': 0.5, 'field': 1.0, 'variance': variance}
    value |= {'kappa_network': 0.0, 'lambda_network': network}
    return Kept(model, value, dict.fromkeys(value, error))


def test_the_cheapest_model_is_the_one_of_least_variance_that_keeps_enough():
    models = [kept('a', 1, 0.9, 0.3), kept('b', 61, 0.9934, 0.645), kept('c', 317, 0.9995, 0.82)]
    found = figure.facts(models)['cheapest']
    assert (found['family'], found['enough']) == ('b', True)
    assert (found['kappa'], found['variance']) == ('99.34(10)%', '64.50(10)%')
    assert json.loads(json.dumps(figure.facts(models))) == figure.facts(models)


def test_where_none_keeps_enough_the_best_one_is_named():
    found = figure.facts([kept('a', 1, 0.9, 0.3), kept('b', 61, 0.95, 0.645)])['cheapest']
    assert (found['family'], found['enough']) == ('b', False)


def test_what_the_network_has_added_most_is_said_where_it_is_beyond_chance():
    models = [kept('a', 1, 0.9, 0.3, network=0.002), kept('b', 61, 0.95, 0.645, network=0.015)]
    found = figure.facts(models)['network']
    assert (found['family'], found['added'], found['on']) == ('b', '1.50(10)%', 'λ')
    assert figure.facts(models[:1])['network'] == {}
    assert [one.added('lambda_network') for one in models] == ['+0.20(10)%', '+1.50(10)%']
    assert models[0].added('kappa_network') == ''
    assert kept('c', 1, 0.9, 0.3, network=-0.002).added('lambda_network') == '−0.20(10)%'


def test_table_and_caption_have_the_numbers_of_the_run(tmp_path):
    study = make(tmp_path)
    row = information.rows(study, study.trainings)[0]
    assert (row['family'], row['on kappa'], row['variance']) == ('fourier', '97.0(1.0)%',
                                                                 '67.0(1.0)%')
    export(study, tmp_path / 'tables')
    table = pd.read_csv(tmp_path / 'tables' / 'information.csv')
    assert table['on lambda'][0] == pytest.approx(0.87)
    assert table['on lambda error'][0] == pytest.approx(0.01)
    [plot] = figure.draw(study)
    caption = said(kind('information').caption, plot.facts)
    assert table['network on lambda'][0] == pytest.approx(0.05)
    assert 'at most 5.0(1.0)% on λ, for' in caption
    assert (row['network on kappa'], row['network on lambda']) == ('', '+5.0(1.0)%')
    assert 'keeps 97.0(1.0)% of what the ensemble says about κ at 67.0(1.0)%' in caption


def test_models_that_were_analysed_without_it_are_left_out(tmp_path):
    study = make(tmp_path)
    with h5py.File(tmp_path / 'latent.h5', 'r+') as file:
        for group in file.values():
            del group['information']
    assert information.rows(study, study.trainings) == []
    assert list(figure.draw(study)) == []


def test_figures_of_directions_show_the_optimum_and_what_was_trained_where_models_are_many(
        tmp_path, monkeypatch):
    study = make(tmp_path)
    [models] = study.models.values()
    models[1].record['trained'] = False

    def families():
        return [([model.family for model, _ in some], fewer)
                for _, some, fewer in information.shown(study, 'metric')]

    assert families() == [(['fourier', 'dense'], False)]
    monkeypatch.setattr(information, 'IN_A_FIGURE', 1)
    assert families() == [(['fourier'], True)]
    assert list(information.shown(study, 'elsewhere')) == []


def test_what_several_seeds_keep_is_their_mean_with_their_spread_in_the_error(tmp_path):
    model = SimpleNamespace(trainings=[SimpleNamespace(name='1'), SimpleNamespace(name='2')])
    with h5py.File(tmp_path / 'latent.h5', 'w') as file:
        for one, value in zip(model.trainings, (0.90, 0.94), strict=True):
            file[f'{one.name}/kept/kappa'], file[f'{one.name}/kept/kappa_error'] = value, 0.01
            file[f'{one.name}/kept/p_hat'] = [1.0, 2.0]
        found = information.over_seeds(file, model, 'kept')
        assert information.over_seeds(file, model, 'elsewhere') == {}
    assert found['kappa'] == pytest.approx(0.92)
    assert found['kappa_error'] == pytest.approx((0.01**2 + 0.02**2) ** 0.5)
    assert found['p_hat'].tolist() == [1, 2]
