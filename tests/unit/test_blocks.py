"""The kernels in blocks of several threads, on a CPU: the same bits in every launch, no race, no
stray access."""

import os
import subprocess
import sys

import numpy as np
import pytest

from phi4hpc.deck.algorithms import names
from phi4hpc.device import source
from phi4hpc.device.compiler import compiler
from phi4hpc.device.host import Host
from tests.blocks import Blocks, history
from tests.conftest import ROOT

OPTIONS = {'TSAN_OPTIONS': 'halt_on_error=1', 'ASAN_OPTIONS': 'detect_leaks=0',
           'OMP_NUM_THREADS': '1',
           'PYTHONPATH': str(ROOT)}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Return the folder of what is compiled, for any number of threads."""
    return tmp_path_factory.mktemp('compiled')


@pytest.fixture(scope='module', params=[2, 6, 16, 34])
def one_thread(request, folder):
    """Return L, and what happens there where a block has one thread."""
    return request.param, history(Blocks(folder, (1, 1), 1), request.param, 'float64', names())


def test_one_thread_a_block_does_what_the_host_does(one_thread):
    L, (phi, accepted, densities) = one_thread
    expected_phi, expected_accepted, expected_densities = history(Host(), L, 'float64', names())
    assert np.array_equal(accepted, expected_accepted)
    np.testing.assert_allclose(phi, expected_phi, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(densities, expected_densities, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(('shape', 'blocks'), [((32, 8), 1), ((4, 4), 3)])
def test_the_bits_of_a_field_do_not_depend_on_the_launch(one_thread, folder, shape, blocks):
    L, (phi, accepted, densities) = one_thread
    device = Blocks(folder, shape, blocks)
    found_phi, found_accepted, found_densities = history(device, L, 'float64', names())
    assert np.array_equal(found_phi, phi)
    assert np.array_equal(found_accepted, accepted)
    # Sums are taken in another order.
    np.testing.assert_allclose(found_densities, densities, rtol=1e-13, atol=1e-13)


def sanitized(sanitizer, sources, folder, algorithms=()):
    """Run algorithms, by default all, with the kernels in the folder `sources` under a sanitizer;
    return its exit status and what it said."""
    library = subprocess.run([*compiler(), f'-print-file-name=lib{sanitizer[0]}san.so'],
                             capture_output=True, text=True, check=True).stdout.strip()
    environment = os.environ | OPTIONS | {'LD_PRELOAD': library}
    tried = subprocess.run([sys.executable, '-c', ''], env=environment, capture_output=True)
    if tried.returncode or '/' not in library:
        pytest.skip(f'the compiler has no {sanitizer} sanitizer that runs here')
    command = [sys.executable, ROOT / 'tests' / 'blocks.py', sanitizer, sources, folder,
               *(algorithms or names())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr


def test_threads_and_blocks_race_nowhere(tmp_path):
    status, said = sanitized('thread', source.FOLDER, tmp_path)
    assert status == 0, said


def test_no_access_is_out_of_bounds(tmp_path):
    status, said = sanitized('address', source.FOLDER, tmp_path)
    assert status == 0, said


@pytest.mark.parametrize(('sanitizer', 'file', 'right', 'wrong', 'report'), [
    ('thread', 'metropolis.cu', 'sync_replica();', '', 'data race'),
    ('thread', 'launch.cuh', '__threadfence();\n        const', 'const', 'data race'),
    ('thread', 'launch.cuh', '        while (((before ^', '        if (((before ^', 'data race'),
    ('address', 'launch.cuh', 'partial[MAX_THREADS]', 'partial[2]', 'ERROR: AddressSanitizer'),
    ('address', 'field.cuh', 'row[-1] = ', 'row[-1 - LEFT] = ', 'ERROR: AddressSanitizer'),
])
def test_a_kernel_without_a_barrier_or_with_too_little_memory_is_found_out(
        tmp_path, kernel_folder, sanitizer, file, right, wrong, report):
    text = (kernel_folder / file).read_text()
    assert right in text
    (kernel_folder / file).write_text(text.replace(right, wrong, 1))
    status, said = sanitized(sanitizer, kernel_folder, tmp_path, ['metropolis'])
    assert status != 0
    assert report in said
