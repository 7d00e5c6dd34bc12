"""The compiler and its cache: signals are kept from it, and what the file system refuses is told in a line."""

import contextlib
import resource

import pytest

from phi4hpc.device.host import Host, build
from phi4hpc.errors import UserError


@contextlib.contextmanager
def full_disk():
    """Let this process write no byte to any file, as where a disk is full: pytest's own output among them."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refusal():
    with pytest.raises(UserError, match='set PHI4HPC_CACHE to a folder that can be written') as error:
        Host().module('measure', 4, 'float32')
    assert '\n' not in str(error.value)
    return str(error.value)


def test_a_cache_that_cannot_be_made_is_one_clear_line(monkeypatch, tmp_path):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('PHI4HPC_CACHE', str(tmp_path / 'file' / 'cache'))
    assert f"Not a directory: '{tmp_path}/file/cache'" in refusal()


def test_a_full_disk_is_one_clear_line_and_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv('PHI4HPC_CACHE', str(tmp_path))
    with full_disk():
        refusal()
    assert list(tmp_path.iterdir()) == []


def test_no_home_directory_is_one_clear_line(monkeypatch):
    def nobody():
        raise RuntimeError('no home directory')

    for name in ('PHI4HPC_CACHE', 'XDG_CACHE_HOME'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr('pathlib.Path.home', nobody)
    assert 'no home directory' in refusal()


def test_a_signal_to_all_processes_of_a_job_does_not_end_the_compiler():
    build(['sh', '-c', 'for signal in USR1 USR2 TERM; do kill -$signal $$; done'])
