"""Bits that agree between kinds of CPU, where the user asks for it."""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from phi4hpc.device import portable
from phi4hpc.device.compiler import compiler
from phi4hpc.device.host import Host
from tests.conftest import ROOT
from tests.unit import test_hmc, test_kernels

FEATURES = 'AVX512F,AVX512CD,AVX512BW,AVX512DQ,AVX512VL,AVX2,AVX,FMA,FMA4,BMI1,BMI2'
"""What the C library is told not to use; NumPy has its own list."""


def on_another_cpu(folder):
    """Return the environment of a process that takes this CPU for one of 2004."""
    wrapper = folder / 'c++'
    wrapper.write_text(f'#!/bin/sh\nexec {" ".join(compiler())} "$@" -march=x86-64\n')
    wrapper.chmod(0o755)
    dispatched = np._core._multiarray_umath.__cpu_dispatch__
    return {'CXX': str(wrapper),
            'GLIBC_TUNABLES': f'glibc.cpu.hwcaps=-{",-".join(FEATURES.split(","))}',
            'NPY_DISABLE_CPU_FEATURES': ' '.join(dispatched)}


def history(folder, precision, **environment):
    """Return the digest of a short run in a process of its own."""
    environment = os.environ | {'PYTHONPATH': str(ROOT), 'PHI4HPC_CACHE': str(folder)} | environment
    command = [sys.executable, '-W', 'ignore', ROOT / 'tests' / 'history.py', precision]
    done = subprocess.run(command, text=True, capture_output=True, env=environment, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(os.uname().machine != 'x86_64', reason='the other CPU is an old x86-64')
@pytest.mark.parametrize('precision', ['float32', pytest.param('float64', marks=pytest.mark.long)])
def test_a_portable_run_makes_the_same_bits_on_another_kind_of_cpu(tmp_path, precision):
    here = history(tmp_path, precision, PHI4HPC_PORTABLE='1')
    assert history(tmp_path, precision, PHI4HPC_PORTABLE='1', **on_another_cpu(tmp_path)) == here


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.setenv('PHI4HPC_PORTABLE', '1')


def test_portable_functions_are_good_to_the_last_digits(asked):
    x = np.linspace(-3, 3, 10001)
    np.testing.assert_allclose(portable.exp(x), np.exp(x), rtol=4e-16)
    u = np.concatenate([np.geomspace(1e-10, 1, 10001), 1 - np.geomspace(1e-9, 0.5, 10001)])
    np.testing.assert_allclose(portable.log(u), np.log(u), rtol=5e-16)
    angle = np.linspace(-1.6, 2 * np.pi, 10001)
    np.testing.assert_allclose(portable.cos(angle), np.cos(angle), atol=2e-16)
    np.testing.assert_allclose(portable.sin(angle), np.sin(angle), atol=2e-16)


def test_portable_kernels_follow_the_reference(asked):
    test_kernels.test_metropolis_follows_the_reference_hit_by_hit(Host(), 6)
    test_kernels.test_measurement_agrees_with_numpy_to_rounding(Host(), 6, 'float64')
    test_hmc.test_trajectories_follow_the_reference(Host(), 6, 'omelyan')


@pytest.mark.parametrize(('precision', 'within'), [('float32', 3e-7), ('float64', 6e-16)])
def test_portable_kernels_have_good_functions(asked, kernel_folder, precision, within):
    shutil.copy(ROOT / 'tests' / 'data' / 'functions.cu', kernel_folder)
    x = np.concatenate([np.geomspace(1e-10, 1, 10000), 1 - np.geomspace(1e-6, 0.5, 1000)])
    x = x.astype(precision)
    found = np.zeros((2, len(x)), precision)
    Host().module('functions', 2, precision).launch('functions', 1, x, found, np.int32(len(x)))
    np.testing.assert_allclose(found[0], np.log(x.astype('f8')), rtol=within)
    angle = x.dtype.type(8) * x - x.dtype.type(1.6)
    np.testing.assert_allclose(found[1], np.cos(angle.astype('f8')), atol=2 * within)


@pytest.mark.parametrize(('value', 'said'), [('', 'host'), ('0', 'host'), ('1', 'host, portable')])
def test_the_device_says_which_bits_it_makes(monkeypatch, value, said):
    """A checkpoint holds that, and a run that goes on with others warns of it."""
    monkeypatch.setenv('PHI4HPC_PORTABLE', value)
    assert Host().bits == said
