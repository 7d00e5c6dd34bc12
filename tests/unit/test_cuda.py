"""What a GPU would be given: machine code of every kernel, and launches that fit on it. No GPU need be there."""

from typing import get_args

import pytest

from phi4hpc.deck.schema import Algorithm
from phi4hpc.device import cuda
from tests.nvrtc import cubin


@pytest.mark.parametrize('architecture', [80, 90])
@pytest.mark.parametrize('source', [*get_args(Algorithm), 'measure'])
@pytest.mark.parametrize(('L', 'precision', 'blocks'), [
    (2, 'float32', 1), (64, 'float32', 1), (1024, 'float64', 1), (1024, 'float64', 22)])
def test_cuda_source_compiles_to_machine_code(source, architecture, L, precision, blocks):
    code = cubin(cuda.translation_unit(source), architecture, cuda.options(L, precision, blocks))
    assert code.startswith(b'\x7fELF')
    assert source.encode() in code


@pytest.mark.parametrize(('L', 'replicas', 'blocks'), [(64, 1, 1), (128, 4, 1), (256, 1, 32), (1024, 24, 22),
                                                       (1024, 1, 128), (1024, 264, 2), (1024, 265, 1), (1024, 5000, 1)])
def test_blocks_share_a_replica_where_it_is_large_and_there_is_room_for_all(L, replicas, blocks):
    assert cuda.blocks_a_replica(L, replicas, multiprocessors=132) == blocks


def test_what_cuda_compiles_changes_with_every_file_of_the_kernels(kernel_folder):
    before = cuda.translation_unit('measure')
    (kernel_folder / 'field.cuh').write_text((kernel_folder / 'field.cuh').read_text() + '\n')
    assert cuda.translation_unit('measure') != before


def test_a_fault_in_cuda_source_is_noticed():
    with pytest.raises(RuntimeError, match='error'):
        cubin('extern "C" __global__ void broken() { undeclared(); }', 90, [])
