"""Whatever the system refuses is told in one line: what, where and what to do."""

import errno
import os

import numpy as np
import pytest

from phi4hpc.errors import circumstance

NUMBERS = [errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM,
           errno.EMFILE, errno.ENFILE, errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR,
           errno.EISDIR, errno.ENOENT, errno.EEXIST, errno.EIO,
           errno.ESTALE, errno.ETXTBSY, errno.EBUSY, errno.ENOTCONN, errno.EREMOTEIO,
           errno.ETIMEDOUT, errno.ENODEV,
           errno.EAGAIN, errno.EINTR, errno.ENOTEMPTY, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP]


def raised(*errors):
    """Return the last of `errors`, each raised while the one before it was handled."""
    try:
        if errors[1:]:
            try:
                raise raised(*errors[:-1])
            except type(errors[-2]):
                raise errors[-1]                                   # noqa: B904, as libraries do
        raise errors[-1]
    except type(errors[-1]) as caught:
        return caught


@pytest.mark.parametrize('number', NUMBERS, ids=errno.errorcode.get)
def test_any_number_of_the_system_is_told_with_the_file(number):
    said = str(circumstance(OSError(number, os.strerror(number), '/run/file')))
    assert said.startswith(f'/run/file: {os.strerror(number)}: ')
    assert said.endswith('; the same command then goes on')
    assert '\n' not in said


@pytest.mark.parametrize(('error', 'said'), [
    (OSError('Unable to create file (unable to open file: name = \'/run/a.h5\', errno = 27, error '
             'message = \'...\')'),
     '/run/a.h5: File too large: raise the limit on the size of a file'),
    (RuntimeError("Can't decrement id ref count (file write failed: time = Mon,\n errno = 28)"),
     'a file: No space left on device: free some space'),
    (RuntimeError('MPI_ERR_NO_SPACE: no space left on device'), 'a file: No space left on device'),
    (RuntimeError('MPI_ERR_ACCESS: permission denied'),
     'a file: Permission denied: mend its permissions'),
    (RuntimeError("can't start new thread"),
     'a file: Resource temporarily unavailable: raise the limits on'),
    (RuntimeError("Symlink loop from '/run'"), 'a file: Too many levels of symbolic links'),
    (OSError('encoder error -2 when writing image file'),
     'a file: encoder error -2 when writing image file: mend'),
    (raised(MemoryError(),
            RuntimeError('[enforce fail at inline_container.cc:672] . unexpected pos 64 vs 0')),
     'there is not enough memory: start fewer ranks'),
    (raised(OSError(errno.EFBIG, 'x', '/run/m.pt'), RuntimeError('PytorchStreamWriter failed')),
     '/run/m.pt: File too'),
    (ImportError('libtorch_cpu.so: failed to map segment from shared object'),
     'there is not enough memory (libtorch_cpu.so: failed to map segment from shared object): '),
    (ImportError('libmpi.so.40: cannot open shared object file: No such file or directory'),
     'libmpi.so.40: cannot open shared object file: No such file or directory: a library is '
     'missing; jobs/setup.sh'),
    (ModuleNotFoundError("No module named 'h5py'", name='h5py'),
     "No module named 'h5py': a library is missing"),
])
def test_what_libraries_raise_of_the_system_is_told_too(error, said):
    assert str(circumstance(error)).startswith(said)


@pytest.mark.parametrize('error', [
    MemoryError(), MemoryError('std::bad_alloc'), OSError(errno.ENOMEM, 'Cannot allocate memory'),
    RuntimeError('[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can\'t '
                 'allocate memory: you tried '
                 'to allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)'),
    RuntimeError('CUDA out of memory. Tried to allocate 20.00 MiB'), RuntimeError('std::bad_alloc'),
    RuntimeError('Unable to open object (memory allocation failed for file struct)')], ids=repr)
def test_a_lack_of_memory_is_told_as_such_whoever_lacks_it(error):
    assert str(circumstance(error)).startswith('there is not enough memory')


def test_an_array_that_fits_nowhere_is_a_lack_of_memory():
    with pytest.raises(MemoryError) as caught:
        np.empty(2**57)
    assert 'Unable to allocate 1.00 EiB for an array' in str(circumstance(caught.value))


@pytest.mark.parametrize('error', [
    ValueError('x'), KeyError('x'), RuntimeError('a bug'), TypeError(),
    ImportError('x', name='phi4hpc.lattice'), AssertionError()], ids=repr)
def test_what_is_a_bug_keeps_its_traceback(error):
    assert circumstance(error) is None
