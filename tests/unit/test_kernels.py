"""Kernels against their NumPy reference, on each device."""

import shutil

import numpy as np
import pytest

from phi4hpc.device import compiler, host
from phi4hpc.device.fields import Fields, pack
from phi4hpc.kernels.philox import philox
from phi4hpc.sampling import measure
from phi4hpc.sampling.algorithms import cluster, metropolis, overrelaxation
from tests.conftest import ROOT
from tests.reference import cluster_sweep, metropolis_sweep, overrelaxation_sweep, unpack
from tests.series import densities, series_of

SIZES = [2, 4, 6, 16, 34]

# Random123's known answers for philox4x32-10: counter, key, words.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    ((0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
     (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
]


def fields(device, L, precision, replicas, lam=0.02, seed=11):
    return Fields(device, L, precision, lam, seed, replicas)


def random_fields(L, count, precision):
    return np.random.default_rng(L).normal(size=(count, L, L)).astype(precision)


@pytest.mark.parametrize(('counter', 'key', 'words'), KNOWN)
def test_philox_in_numpy_gives_the_published_vectors(counter, key, words):
    assert tuple(philox(counter, key)) == words


def test_philox_in_the_kernels_gives_the_published_vectors(device, kernel_folder):
    shutil.copy(ROOT / 'tests' / 'data' / 'philox_known.cu', kernel_folder)
    counters = device.array(np.array([counter for counter, _, _ in KNOWN], np.uint32))
    keys = device.array(np.array([key for _, key, _ in KNOWN], np.uint32))
    words = device.array(np.zeros((len(KNOWN), 4), np.uint32))
    module = device.module('philox_known', L=2, precision='float32')
    module.launch('philox_known', len(KNOWN), counters, keys, words)
    assert device.numpy(words).tolist() == [list(words) for _, _, words in KNOWN]


@pytest.mark.parametrize(('precision', 'within'), [('float32', 3e-7), ('float64', 6e-16)])
def test_the_exponential_is_good_to_the_last_digits(device, kernel_folder, precision, within):
    shutil.copy(ROOT / 'tests' / 'data' / 'exponential.cu', kernel_folder)
    x = np.concatenate([np.linspace(-2, 0, 10001), -np.geomspace(1e-9, 80, 1000)]).astype(precision)
    found = device.array(np.zeros_like(x))
    module = device.module('exponential', 2, precision)
    module.launch('exponential', 1, device.array(x), found, np.int32(len(x)))
    error = device.numpy(found) / np.exp(x.astype('f8')) - 1
    # The argument's own rounding grows with it.
    assert (abs(error) < within * np.maximum(1, abs(x) / 2)).all()


@pytest.mark.parametrize('L', SIZES)
@pytest.mark.parametrize('precision', ['float32', 'float64'])
def test_fields_are_read_as_they_were_written(device, L, precision):
    phi = random_fields(L, 3, precision)
    held = fields(device, L, precision, range(3))
    held.write(phi)
    assert (held.read() == phi).all()
    assert (unpack(pack(phi)) == phi).all()


@pytest.mark.parametrize('L', SIZES)
@pytest.mark.parametrize('precision', ['float32', 'float64'])
def test_measurement_agrees_with_numpy_to_rounding(device, L, precision):
    phi = random_fields(L, 3, precision)
    held = fields(device, L, precision, range(3))
    held.write(phi)
    np.testing.assert_allclose(measure.densities(held), densities(phi), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(measure.longest_mode(held), series_of(phi)['mode'], rtol=1e-12,
                               atol=1e-13)


@pytest.mark.parametrize('L', SIZES)
def test_metropolis_follows_the_reference_hit_by_hit(device, L):
    replicas, kappa, width, lam, seed = [3, 8], 0.27, 1.3, 0.5, 11
    phi = random_fields(L, 2, 'float64')
    held = fields(device, L, 'float64', replicas, lam, seed)
    held.write(phi)
    accepted = metropolis.launch(held, None, [kappa] * 2, [width] * 2, first=5, sweeps=20)
    expected = 0
    for sweep in range(5, 25):
        phi, taken = metropolis_sweep(phi, kappa, lam, width, seed, sweep, replicas)
        expected = expected + taken
    assert accepted.tolist() == expected.tolist()
    np.testing.assert_allclose(held.read(), phi, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('L', SIZES)
@pytest.mark.parametrize(('kappa', 'lam'), [(0.2, 0.0), (0.27, 0.02), (0.3, 0.4), (0.3, 1.0)])
def test_overrelaxation_follows_the_reference_site_by_site(device, L, kappa, lam):
    replicas, seed = [3, 8], 11
    phi = random_fields(L, 2, 'float64')
    held = fields(device, L, 'float64', replicas, lam, seed)
    held.write(phi)
    accepted = overrelaxation.launch(held, None, [kappa] * 2, None, first=5, sweeps=20)
    expected = 0
    for sweep in range(5, 25):
        phi, taken = overrelaxation_sweep(phi, kappa, lam, seed, sweep, replicas)
        expected = expected + taken
    assert accepted.tolist() == expected.tolist()
    np.testing.assert_allclose(held.read(), phi, rtol=1e-11, atol=1e-11)


def test_reflections_of_a_gaussian_field_are_all_accepted(device):
    held = fields(device, 16, 'float64', [0], lam=0.0)
    held.write(random_fields(16, 1, 'float64'))
    assert overrelaxation.launch(held, None, [0.24], None, first=0, sweeps=100) == 100 * 16**2


@pytest.mark.parametrize('L', [*SIZES, 64])
@pytest.mark.parametrize('kappa', [0.05, 0.27, 1.0])
def test_clusters_and_their_signs_equal_the_reference(device, L, kappa):
    phi, seed = random_fields(L, 2, 'float64'), 11
    for replica in (3, 8):
        held, expected = fields(device, L, 'float64', [replica], seed=seed), phi[:1]
        held.write(phi[:1])
        for sweep in range(5, 9):
            cluster.launch(held, None, [kappa], None, first=sweep, sweeps=1)
            expected, labels = cluster_sweep(expected, kappa, seed, sweep, [replica])
            assert (device.numpy(cluster.labels(held)) == labels).all()
        assert (held.read() == expected).all()


def test_cluster_sweeps_of_several_replicas_in_one_launch_equal_the_reference(device):
    phi = random_fields(16, 3, 'float64')
    held = fields(device, 16, 'float64', [4, 5, 6])
    held.write(phi)
    cluster.launch(held, None, [0.27] * 3, None, first=2, sweeps=7)
    for sweep in range(2, 9):
        phi, _ = cluster_sweep(phi, 0.27, 11, sweep, [4, 5, 6])
    assert (held.read() == phi).all()


@pytest.mark.parametrize('without', ['-mno-avx512f', '-mno-avx'])
def test_older_cpus_draw_the_same_words(monkeypatch, without):
    monkeypatch.setattr(compiler, 'FAST', [*compiler.FAST, without])
    test_metropolis_follows_the_reference_hit_by_hit(host.Host(), 34)
    test_overrelaxation_follows_the_reference_site_by_site(host.Host(), 34, 0.27, 0.02)
    test_clusters_and_their_signs_equal_the_reference(host.Host(), 34, 0.27)


def test_single_precision_follows_the_reference_for_a_sweep(device):
    phi = random_fields(16, 4, 'float32')
    held = fields(device, 16, 'float32', range(4))
    held.write(phi)
    metropolis.launch(held, None, [0.27] * 4, [1.3] * 4, first=0, sweeps=1)
    expected, _ = metropolis_sweep(phi, 0.27, 0.02, 1.3, 11, 0, range(4))
    # A decision on the edge may fall differently by rounding, and changes its neighbours: few may,
    # the rest are equal.
    assert (abs(held.read() - expected) > 1e-5).mean() < 0.01


def test_a_replica_does_not_depend_on_which_others_are_held(device):
    phi = random_fields(8, 3, 'float32')
    together, alone = fields(device, 8, 'float32', [0, 1, 2]), fields(device, 8, 'float32', [2])
    together.write(phi)
    alone.write(phi[2:])
    for held, count in ((together, 3), (alone, 1)):
        metropolis.launch(held, None, [0.27] * count, [1.5] * count, first=0, sweeps=50)
    assert (together.read()[2] == alone.read()[0]).all()


def test_many_sweeps_in_one_launch_are_the_same_as_one_by_one(device):
    phi = random_fields(16, 2, 'float32')
    once, often = fields(device, 16, 'float32', [0, 1]), fields(device, 16, 'float32', [0, 1])
    for held in (once, often):
        held.write(phi)
    total = metropolis.launch(once, None, [0.26] * 2, [1.5] * 2, first=0, sweeps=12)
    parts = sum(metropolis.launch(often, None, [0.26] * 2, [1.5] * 2, first=n, sweeps=1)
                for n in range(12))
    assert (once.read() == often.read()).all()
    assert total.tolist() == parts.tolist()


def test_what_a_kernel_only_reads_may_be_constant(device):
    held, kappas, widths = fields(device, 4, 'float32', [0, 1]), np.full(2, 0.2), np.ones(2)
    kappas.flags.writeable = widths.flags.writeable = False
    assert (metropolis.launch(held, None, kappas, widths, first=0, sweeps=1) > 0).all()


def test_kernels_leave_the_arithmetic_of_the_process_alone(device):
    metropolis.launch(fields(device, 4, 'float32', [0]), None, [0.2], [1.0], first=0, sweeps=1)
    assert np.float64(5e-324) * 1.0 > 0
    assert np.float32(1e-40) / np.float32(2) > 0


def test_fields_are_fetched_as_they_were_when_asked_for(device):
    phi = random_fields(16, 2, 'float32')
    held = fields(device, 16, 'float32', [0, 1])
    held.write(phi)
    pinned, = held.pinned(1)
    arrived = held.fetch(pinned)
    metropolis.launch(held, None, [0.26] * 2, [1.5] * 2, first=0, sweeps=5)
    arrived()
    assert (pinned == phi).all()
    assert (held.read() != phi).any()
