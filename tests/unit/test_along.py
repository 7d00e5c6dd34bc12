"""Axes of models against the kappa of training: all of a kappa are seen, and said with it."""

from types import SimpleNamespace

import pytest

from phi4hpc.report.along import of_kappas, width


@pytest.mark.parametrize('kappas', [(0.261, 0.2675, 0.269), (0.24, 0.3)])
def test_models_of_a_kappa_stand_apart_and_do_not_reach_the_next(kappas):
    assert 0 < width(SimpleNamespace(models=dict.fromkeys(kappas))) < kappas[-1] - kappas[-2]


def test_models_of_one_kappa_have_places_of_their_own():
    assert width(SimpleNamespace(models={0.269: None})) == 0


@pytest.mark.parametrize(('said', 'words'), [
    ({0.261: '38(11)°', 0.269: '0°'}, '38(11)° at κ = 0.261, 0° at κ = 0.269'),
    ({0.269: '0°', 0.261: '38(11)°', 0.274: '0°'},
     '38(11)° at κ = 0.261, 0° at κ = 0.269, 0° at κ = 0.274'),
    ({0.261: '0°', 0.269: '0°'}, '0°'), ({}, '')], ids=['two', 'back', 'alike', 'none'])
def test_what_differs_by_kappa_is_said_with_it(said, words):
    assert of_kappas(said) == words
