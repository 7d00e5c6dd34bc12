"""The bench counts what it times; its yardstick is the same physics, in NumPy."""

import json

import numpy as np
import pytest
import torch

from phi4hpc.bench import algorithms, latent, sampler, storage, train, yardstick
from phi4hpc.bench.algorithms import LAMBDA
from phi4hpc.deck.algorithms import algorithm
from phi4hpc.latent.columns import Jacobians
from phi4hpc.lattice.action import force


def rows(capsys, **options):
    arguments = {'sizes': [16], 'precisions': ['float32'], 'device': 'host', 'seconds': 0.05,
                 'decorrelation': False}
    sampler.main(**arguments | options, as_json=True)
    return json.loads(capsys.readouterr().out)


def test_every_algorithm_and_the_recipe_have_a_row_of_rates(capsys):
    found = rows(capsys)
    assert [row['algorithm'] for row in found] == ['numpy', *algorithms.timed(), 'recipe']
    for row in found:
        assert row['hits_per_second_per_core'] > 0
        expected = {'L': 16, 'device': 'host', 'precision': 'float32', 'ranks': 1}
        assert row.items() >= expected.items()


def test_training_is_timed_beside_a_bare_loop(capsys, monkeypatch):
    monkeypatch.setattr(train, 'MODELS', [{'dense': {'latents': [4], 'hidden': 8}}])
    train.main(0.05, as_json=True)
    row, = json.loads(capsys.readouterr().out)
    assert (row['family'], row['latent'], row['ranks'], row['groups']) == ('dense', 4, 1, 1)
    rates = [row[f'{loop}samples_per_second'] for loop in ('', 'bare_', 'bare_at_once_')]
    assert min(rates) > 100
    assert max(rates) < 50 * min(rates)
    for quartiles in row['ratio'], row['ratio_at_once'], row['ratio_to_one_rank']:
        assert 0.02 < quartiles[0] <= quartiles[1] <= quartiles[2] < 50


def test_jacobians_are_timed_beside_torch_func_which_finds_the_same(capsys, monkeypatch):
    monkeypatch.setattr(latent, 'L', 8)
    monkeypatch.setattr(latent, 'MODELS', {'dense': {'latents': [4], 'hidden': 8},
                                           'convolutional': {'block': 2}})
    monkeypatch.setattr(latent, 'ROUNDS', 2)
    latent.main(0.01, as_json=True)
    dense, convolutional = json.loads(capsys.readouterr().out)
    for row, size in ((dense, 4), (convolutional, 16)):
        assert (row['sites'], row['latent']) == (64, size)
        assert min(row['samples_per_second'], row['reference_samples_per_second']) > 1
        assert {'peak_bytes', 'reference_peak_bytes'} < row.keys()
    model, x_nD = latent.network('dense'), torch.from_numpy(latent.fields()).flatten(1)
    found = zip(latent.ours(Jacobians(model), x_nD), latent.reference(model, x_nD)(), strict=True)
    for one, other in found:
        torch.testing.assert_close(one, other)


@pytest.mark.long
def test_our_jacobians_are_faster_than_torch_func_and_no_slower_than_bare_products():
    """3 times for dense models and 10 times for convolutional ones, at D = 4096 and d = 64."""
    dense, convolutional = (latent.of_family(name, 2.0) for name in latent.MODELS)
    for row, times in ((dense, 3), (convolutional, 10)):
        assert row['samples_per_second'] > times * row['reference_samples_per_second']
        assert row['peak_bytes'] < row['reference_peak_bytes']
    assert dense['samples_per_second'] > dense['products_samples_per_second'] / 2


def test_trajectories_are_timed_as_a_deck_has_them_by_default():
    assert algorithm('hmc').visits(algorithms.SAMPLE) == 21      # as bench --help says


def test_the_fractions_of_a_step_are_its_parts(capsys):
    fractions = rows(capsys)[-1]['fraction_of_step']
    assert {'metropolis', 'measure', 'exchange', 'rest'} <= set(fractions)
    assert sum(fractions.values()) == pytest.approx(1)
    assert min(fractions.values()) > 0


def test_independent_draws_are_steps_over_twice_tau_int(capsys):
    row = rows(capsys, decorrelation=True)[-1]
    assert row['tau_int'] > 0.4
    draws, hits = row['independent_draws_per_second_per_core'], row['hits_per_second_per_core']
    assert 0 < draws < hits / 16**2


def test_storage_is_timed_with_every_driver_and_leaves_nothing(capsys, tmp_path):
    storage.main(1, tmp_path, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [row['driver'] for row in found] == list(storage.drivers())
    for row in found:
        assert (row['ranks'], row['megabytes']) == (1, 1)
        assert min(row[what] for what in ('write', 'plain_write', 'read', 'plain_read')) > 0
    assert list(tmp_path.iterdir()) == []


def test_the_yardstick_keeps_the_schwinger_dyson_identity():
    rng, kappa = np.random.default_rng(3), yardstick.KAPPA
    phi, values = rng.normal(size=(400, 4, 4)), []
    for _ in range(200):
        yardstick.sweep(phi, rng)
        values.append((phi * force(phi, kappa, LAMBDA)).sum((1, 2)))
    means = np.mean(values[50:], 0) / 16
    assert abs(means.mean() - 1) < 4 * means.std() / 20
    assert means.std() / 20 < 0.005
