"""What a GPU would be given: machine code of every kernel, and launches that fit on it. No GPU
need be there."""

import numpy as np
import pytest

from phi4hpc.deck.algorithms import names
from phi4hpc.device import cuda
from phi4hpc.device.fields import Fields
from phi4hpc.device.host import Host
from phi4hpc.device.source import FOLDER
from phi4hpc.sampling.algorithms import overrelaxation
from tests.blocks import history, stream_of
from tests.nvrtc import cubin


@pytest.mark.parametrize('L', [6, 34])
def test_launches_do_what_the_host_does(pretended, L):
    found, expected = (history(device, L, 'float64', names(), steps=1)
                       for device in (pretended, Host()))
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


def test_launches_share_a_large_replica_among_blocks(pretended):
    found, expected = (Fields(device, 130, 'float64', 0.02, 1, [0, 1])
                       for device in (pretended, Host()))
    for fields in (found, expected):
        fields.write(np.random.default_rng(1).normal(size=(2, 130, 130)))
        overrelaxation.launch(fields, None, [0.26, 0.27], None, 0, 1)
    assert found.modules['overrelaxation'][0].compiled.cache_info().currsize == 1
    np.testing.assert_allclose(found.read(), expected.read(), rtol=1e-12, atol=1e-12)
    phi, (pinned,) = found.read(), found.pinned(1)
    arrived = found.fetch(pinned)
    overrelaxation.launch(found, None, [0.26, 0.27], None, 1, 1)
    assert not np.array_equal(pinned, phi)
    arrived()
    assert np.array_equal(pinned, phi)


def test_arrays_reach_kernels_row_by_row(pretended):
    given = np.arange(6).reshape(2, 3).T
    assert pretended.array(given).flags.c_contiguous
    assert np.array_equal(pretended.array(given), given)


@pytest.mark.parametrize('architecture', [80, 90])
@pytest.mark.parametrize('source', sorted(path.stem for path in FOLDER.glob('*.cu')))
@pytest.mark.parametrize(('L', 'precision', 'blocks'), [
    (2, 'float32', 1), (64, 'float32', 1), (1024, 'float64', 1), (1024, 'float64', 22)])
def test_cuda_source_compiles_to_machine_code(source, architecture, L, precision, blocks):
    code = cubin(cuda.translation_unit(source, stream_of(source)), architecture,
                 cuda.options(L, precision, blocks))
    assert code.startswith(b'\x7fELF')
    assert source.encode() in code


@pytest.mark.parametrize(('L', 'replicas', 'blocks'), [
    (64, 1, 1), (128, 4, 1), (256, 1, 32), (1024, 24, 22), (1024, 1, 128), (1024, 264, 2),
    (1024, 265, 1), (1024, 5000, 1)])
def test_blocks_share_a_replica_where_it_is_large_and_there_is_room_for_all(L, replicas, blocks):
    assert cuda.blocks_a_replica(L, replicas, multiprocessors=132) == blocks


def test_what_cuda_compiles_changes_with_every_file_of_the_kernels(kernel_folder):
    before = cuda.translation_unit('measure')
    (kernel_folder / 'field.cuh').write_text((kernel_folder / 'field.cuh').read_text() + '\n')
    assert cuda.translation_unit('measure') != before


def test_a_fault_in_cuda_source_is_noticed():
    with pytest.raises(RuntimeError, match='error'):
        cubin('extern "C" __global__ void broken() { undeclared(); }', 90, [])
