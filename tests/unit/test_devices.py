"""A GPU against the host: the same random words, so the same history, up to rounding."""

import numpy as np
import pytest

from phi4hpc.deck.algorithms import names
from phi4hpc.device import cuda
from phi4hpc.device.fields import Fields
from phi4hpc.device.host import Host
from tests.blocks import launch, measured
from tests.simulate import densities, observe

pytestmark = pytest.mark.cuda


@pytest.fixture(scope='module')
def gpu():
    """Return the GPU as a device; skipped, with the reason, where there is none."""
    if reason := cuda.gpu_missing():
        pytest.skip(reason)
    return cuda.require()


def start(device, L, precision, count=3):
    fields = Fields(device, L, precision, 0.1, 5, range(count))
    fields.write(np.random.default_rng(L).normal(size=(count, L, L)))
    return fields


@pytest.mark.parametrize('name', names())
@pytest.mark.parametrize('L', [2, 6, 34, 64, 130, 256])
def test_fields_stay_equal_sweep_by_sweep(gpu, L, name):
    on_host, on_gpu = start(Host(), L, 'float64'), start(gpu, L, 'float64')
    for sweep in range(0, 40, 2):
        expected, found = (launch(fields, name, sweep) for fields in (on_host, on_gpu))
        assert np.array_equal(found, expected)
        np.testing.assert_allclose(on_gpu.read(), on_host.read(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize('precision', ['float32', 'float64'])
@pytest.mark.parametrize('L', [2, 64, 256, 1024])
def test_measurements_agree_to_rounding(gpu, L, precision):
    expected, found = (measured(start(device, L, precision)) for device in (Host(), gpu))
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize('L', [8, 64])
def test_means_agree_in_single_precision(gpu, L):
    """Rounding turns decisions, and histories part; half-widths differ, so that they do from the
    first hit."""
    expected_rq, found_rq = (
        observe(device, L, 0.25, 0.1, observable=densities, replicas=128, draws=400, spacing=5,
                width=width).mean(0)
        for device, width in ((Host(), 1.8), (gpu, 1.7)))
    error = np.sqrt((found_rq.var(0, ddof=1) + expected_rq.var(0, ddof=1)) / len(found_rq))
    assert (abs(found_rq.mean(0) - expected_rq.mean(0)) < 4 * error).all()
    assert (error[1:] < 0.01 * expected_rq.mean(0)[1:]).all()


@pytest.mark.parametrize('name', names())
@pytest.mark.parametrize('precision', ['float32', 'float64'])
def test_blocks_that_share_a_replica_do_what_one_block_does(gpu, monkeypatch, precision, name):
    shared = start(gpu, 256, precision)
    expected = launch(shared, name, 0)
    monkeypatch.setattr(cuda, 'blocks_a_replica', lambda *_: 1)
    alone = start(gpu, 256, precision)
    assert np.array_equal(launch(alone, name, 0), expected)
    assert np.array_equal(alone.read(), shared.read())
