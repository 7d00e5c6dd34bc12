"""Trainings of a model by several seeds, as the report takes them together."""

from types import SimpleNamespace

import numpy as np
import pytest

from phi4hpc.report import tables
from phi4hpc.report.trainings import Model, pooled


def training(seed, ratio, phi2, propagator):
    """A training whose reconstructions at one rung have two means, and one that is not defined."""
    entry = {'kappa': 0.27, 'reconstructed': {
        'phi2': {'value': phi2, 'error': 0.3}, 'binder': None,
        'propagator': {'p_hat': [0.0, 1.0], 'value': propagator, 'error': [0.3, 0.4]}}}
    record = {'ratio': ratio, 'ratio_error': 0.003, 'loss': ratio, 'loss_error': 0.1,
              'converged': seed == 1}
    return Model(f'dense_s{seed}', 0, 8, 0.27, 'dense', 5, record, [entry], 'dense', seed)


def test_a_model_of_one_seed_is_left_as_it_is():
    alone = training(1, 0.9, 0.5, [1.0, 2.0])
    found = pooled([alone])
    assert found.reconstructions == alone.reconstructions
    assert found.record == alone.record | {'ratio_seeds': 0.0}


def test_ratios_have_both_errors_and_a_model_has_converged_if_all_trainings_have():
    found = pooled([training(seed, ratio, 0.5, [1.0, 2.0]) for seed, ratio in ((1, 0.9), (2, 0.8))])
    assert found.record['ratio'] == pytest.approx(0.85)
    assert found.record['ratio_error'] == 0.003
    assert found.record['ratio_seeds'] == pytest.approx(0.05)
    assert found.record['converged'] is False
    assert [one.seed for one in found.trainings] == [1, 2]
    assert found.settings == ''


def test_errors_of_reconstructions_have_the_spread_over_seeds_in_them():
    entry, = pooled([training(1, 0.9, 0.1, [1.0, 2.0]),
                     training(2, 0.9, 0.9, [1.0, 2.6])]).reconstructions
    found = entry['reconstructed']
    assert found['phi2'] == {'value': 0.5, 'error': pytest.approx(0.5)}
    assert found['binder'] is None
    assert found['propagator']['p_hat'] == [0.0, 1.0]
    np.testing.assert_allclose(found['propagator']['value'], [1.0, 2.3])
    np.testing.assert_allclose(found['propagator']['error'], [0.3, 0.5])


def test_findings_tell_a_model_of_several_seeds_once():
    several = [training(seed, ratio, 0.5, [1.0, 2.0]) for seed, ratio in ((1, 0.9), (2, 0.8))]
    told, = tables.ratios(SimpleNamespace(everyone=[pooled(several)], controls=[]))
    assert (told['ratio'], told['kappa']) == ('0.8500(30) ± 0.05 over 2 seeds', '0.27')
