"""CuPy, as far as phi4hpc.device.cuda uses it, on a machine without a GPU: kernels run in blocks
on a CPU.

It is as strict as CuPy and CUDA are: what a kernel gets lives on the device or is a scalar of
NumPy, blocks are no larger than was compiled for, those that wait for each other are launched
together and have room, and a copy waits for the launches before it.
"""

import ctypes
import re
import tempfile
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from phi4hpc.device import host
from tests.blocks import compile_into

__version__ = 'pretended'
MULTIPROCESSORS, RESIDENT = 2, 4


class ndarray(np.ndarray):
    """An array on the device."""

    @property
    def data(self):
        return SimpleNamespace(ptr=self.ctypes.data)


def asarray(values, order='K'):
    return np.array(values, order=order).view(ndarray)


def empty(shape, dtype):
    return np.empty(shape, dtype).view(ndarray)


def asnumpy(array):
    return np.array(array)


@cache
def get_default_memory_pool():
    pool = SimpleNamespace(given_back=False)
    pool.free_all_blocks = partial(setattr, pool, 'given_back', True)
    return pool


@cache
def compiled(*options):
    path = Path(tempfile.mkdtemp(), 'kernels.so')
    compile_into(path, options)
    return path


class RawModule:
    def __init__(self, *, code, options, backend):
        assert backend == 'nvrtc'
        self.defined = dict(re.findall(r'-D(\w+)=(\w+)', ' '.join(options)))
        self.source = re.search(r'(\w+)\.cu"', code)[1]
        taken = [option for option in options if option.startswith(('-D', '-I'))]
        self.module = host.Module(ctypes.CDLL(str(compiled(*taken))))

    def get_function(self, name):
        assert name == self.source, 'a kernel bears the name of its file'
        return SimpleNamespace(kernel=partial(self.launch, name))

    def launch(self, name, grid, block, args, enable_cooperative_groups=False):
        (blocks,), cooperative = grid, enable_cooperative_groups
        assert blocks, 'CuPy would launch one block all the same'
        a_replica, threads = int(self.defined['BLOCKS']), block[0] * block[1]
        assert threads <= int(self.defined['MAX_THREADS'])
        assert cooperative or a_replica == 1
        room = min(RESIDENT * MULTIPROCESSORS, int(self.defined['MAX_BLOCKS']))
        assert not cooperative or blocks <= room
        assert all(isinstance(arg, (ndarray, np.generic)) for arg in args)
        self.module.library.block_shape(*block)
        self.module.launch(name, blocks // a_replica, *args)
        Stream.launched[0] += 1


class Stream:
    """A stream, whose copies are done when somebody waits for them: no sooner than on a GPU."""

    copies = {}                   # {stream: those under way}
    launched = {0: 0}             # {stream: the launches that what is done on it next comes after}

    def __init__(self, non_blocking=False):
        self.ptr = int(non_blocking)

    def synchronize(self):
        for copy in self.copies.pop(self.ptr, ()):
            ctypes.memmove(*copy)

    def record(self):
        return SimpleNamespace(launched=self.launched[self.ptr], synchronize=self.synchronize)

    def wait_event(self, event):
        self.launched[self.ptr] = event.launched


def memcpyAsync(target, origin, size, kind, stream):
    assert Stream.launched.get(stream) == Stream.launched[0], 'the copy may come before the launch'
    Stream.copies.setdefault(stream, []).append((target, origin, size))


cuda = SimpleNamespace(
    Stream=Stream, get_current_stream=Stream,
    Device=lambda number: SimpleNamespace(use=lambda: None),
    runtime=SimpleNamespace(
        getDeviceCount=lambda: 1, memcpyAsync=memcpyAsync, memcpyDeviceToHost=2,
        getDeviceProperties=lambda number: {'name': b'none, pretended',
                                            'multiProcessorCount': MULTIPROCESSORS},
        driverGetVersion=lambda: 0, runtimeGetVersion=lambda: 0))
