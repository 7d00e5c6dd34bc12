"""The Gamma method against series whose autocorrelation and moments are known."""

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.parallel.jackknife import BLOCKS, block_slices, gather_blocks, jackknife
from phi4hpc.statistics.gamma import mean
from tests.series import autoregressive


@pytest.mark.parametrize('coefficient', [0.0, 0.5, 0.9])
def test_tau_int_and_error_of_a_known_process(coefficient):
    shape = 4, 20_000
    tau = (1 + coefficient) / (2 * (1 - coefficient))
    found = mean(autoregressive(coefficient, shape, seed=1))
    assert abs(found.tau_int - tau) < 4 * found.tau_int_error + 0.02 * tau
    assert found.error == pytest.approx(np.sqrt(2 * tau / np.prod(shape)), rel=0.15)
    assert abs(found.value) < 4 * found.error


def test_stretches_of_any_length_are_independent_and_all_count():
    series_n = autoregressive(0.5, (1, 20_000), seed=4)[0]
    whole, cut = mean([series_n]), mean([series_n[:3000], series_n[3200:12_000], series_n[12_500:]])
    left = np.delete(series_n, [*range(3000, 3200), *range(12_000, 12_500)])
    assert cut.value == pytest.approx(left.mean())
    assert cut.error == pytest.approx(whole.error * np.sqrt(20_000 / 19_300), rel=0.03)
    assert cut.tau_int == pytest.approx(whole.tau_int, rel=0.05)


def test_errors_cover_at_the_rate_they_claim():
    means = [mean(autoregressive(0.7, (2, 500), seed)) for seed in range(300)]
    covered = [abs(m.value) < m.error for m in means]
    assert abs(np.mean(covered) - 0.683) < 4 * np.sqrt(0.683 * 0.317 / 300)


def test_jackknife_error_of_a_mean_is_the_standard_error_of_its_block_means():
    x_n = np.random.default_rng(3).standard_normal(160)
    slices = block_slices(0, 160, 160)
    sums_b = [{'sum': x_n[part].sum(keepdims=True)} for part in slices]
    blocks = gather_blocks(MPI.COMM_SELF, sums_b)
    value, error = jackknife(MPI.COMM_SELF, blocks, lambda sums: sums['sum'] / 150)
    block_means = x_n.reshape(BLOCKS, -1).mean(axis=1)
    np.testing.assert_allclose(value, x_n.sum() / 150)
    np.testing.assert_allclose(error, block_means.std(ddof=1) / np.sqrt(BLOCKS))


def test_blocks_are_made_of_neighbours_and_fit_few_samples():
    pieces = [[range(10)[part] for part in block_slices(first, n, 13)]
              for first, n in ((0, 4), (4, 9))]
    counts = [len(a) + len(b) for a, b in zip(*pieces, strict=True)]
    assert counts == [1] * 13
    assert [len(range(100)[part]) for part in block_slices(0, 100, 100)] == [6, 6, 6, 7] * 4


def test_one_sample_has_no_error():
    blocks = gather_blocks(MPI.COMM_SELF, [{'sum': np.ones(2)}])
    value, error = jackknife(MPI.COMM_SELF, blocks, lambda sums: sums['sum'])
    assert value.tolist() == [1, 1]
    assert np.isnan(error).all()
