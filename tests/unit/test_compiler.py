"""The compiler and its cache: how it is named and started, and what is done where either fails."""

import _ctypes
import contextlib
import ctypes
import hashlib
import os
import resource
import subprocess

import pytest

from phi4hpc.device import compiler
from phi4hpc.device.compiler import build
from phi4hpc.device.host import Host
from phi4hpc.errors import UserError


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Return the folder of compiled kernels, empty."""
    folder = tmp_path / 'cache'
    monkeypatch.setenv('PHI4HPC_CACHE', str(folder))
    return folder


def module():
    return Host().module('measure', 4, 'float32')


@contextlib.contextmanager
def full_disk():
    """Let this process write to no file, pytest's own output included, as where a disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refusal(match='set PHI4HPC_CACHE to a folder that can be written'):
    with pytest.raises(UserError, match=match) as error:
        module()
    assert '\n' not in str(error.value)
    return str(error.value)


def test_a_cache_that_cannot_be_made_is_one_clear_line(monkeypatch, tmp_path):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('PHI4HPC_CACHE', str(tmp_path / 'file' / 'cache'))
    assert f"Not a directory: '{tmp_path}/file/cache'" in refusal()


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(cache):
    with full_disk():
        refusal()
    assert list(cache.iterdir()) == []


def test_no_home_directory_is_one_clear_line(monkeypatch):
    def nobody():
        raise RuntimeError('no home directory')

    for name in ('PHI4HPC_CACHE', 'XDG_CACHE_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr('pathlib.Path.home', nobody)
    assert 'no home directory' in refusal()


def test_a_kernel_is_compiled_once(cache, monkeypatch):
    module()
    made, = cache.iterdir()
    begun = made.stat().st_mtime_ns
    monkeypatch.setattr(compiler, 'build', None)
    module()
    assert [path.stat().st_mtime_ns for path in cache.iterdir()] == [begun]


def sealed(content):
    return content + hashlib.sha256(content).digest()


@pytest.mark.parametrize('harm', [
    lambda whole: whole[:len(whole) // 2], lambda whole: b'', lambda whole: b'\0' + whole[1:],
    lambda whole: sealed(b'made for another machine')])
def test_a_cached_file_that_is_damaged_or_of_another_machine_is_made_anew(cache, harm):
    _ctypes.dlclose(module().library._handle)      # else the loader would not look at it again
    made, = cache.iterdir()
    whole = made.read_bytes()
    made.write_bytes(harm(whole))
    assert module().library.launch_measure
    assert [path.name for path in cache.iterdir()] == [made.name]
    assert made.stat().st_size == len(whole)


def test_a_cache_from_which_nothing_can_be_loaded_is_one_clear_line(cache, monkeypatch):
    def refused(path):
        raise OSError(f'{path}: failed to map segment from shared object')

    monkeypatch.setattr(ctypes, 'CDLL', refused)
    remedy = 'mounted noexec, set PHI4HPC_CACHE to a folder on another one'
    assert 'failed to map segment' in refusal(remedy)


@pytest.mark.skipif(os.getuid() != 0, reason='needs root, to mount')
def test_a_cache_on_a_file_system_without_execution_is_one_clear_line(cache):
    cache.mkdir()
    if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'noexec', 'tmpfs', cache],
                      capture_output=True).returncode:
        pytest.skip('needs leave to mount')
    try:
        assert str(cache) in refusal('set PHI4HPC_CACHE to a folder on another one')
    finally:
        subprocess.run(['umount', '--lazy', cache], check=True)


def test_the_compiler_may_be_a_command_with_words(cache, monkeypatch, tmp_path):
    """As CXX='ccache g++' is by convention."""
    wrapper, log = tmp_path / 'wrapper', tmp_path / 'log'
    wrapper.write_text(f'#!/bin/sh\necho "$1" >>{log}\nexec "$@"\n')
    wrapper.chmod(0o755)
    path = compiler.compiler()[0]
    monkeypatch.setenv('CXX', f'{wrapper} {path}')
    assert compiler.compiler() == [str(wrapper), path]
    module()
    assert set(log.read_text().split()) == {path}
    assert str(Host()) == 'host (wrapper)'


def test_an_empty_name_of_a_compiler_is_none(monkeypatch):
    monkeypatch.delenv('CXX', raising=False)
    usual = compiler.compiler()
    for empty in '', ' ':
        monkeypatch.setenv('CXX', empty)
        assert compiler.compiler() == usual


@pytest.mark.parametrize(('name', 'said'), [
    ('no-such-compiler -O1', r'no C\+\+ compiler \(no-such-compiler\) found: .* or name it in CXX'),
    ('g++ "', "CXX: 'g\\+\\+ \"': No closing quotation")])
def test_a_compiler_that_cannot_be_started_is_one_clear_line(monkeypatch, name, said):
    monkeypatch.setenv('CXX', name)
    with pytest.raises(UserError, match=said):
        compiler.compiler()


def test_a_signal_to_all_processes_of_a_job_does_not_end_the_compiler():
    build(['sh', '-c', 'for signal in USR1 USR2 TERM; do kill -$signal $$; done'])
