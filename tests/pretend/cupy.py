"""CuPy, as far as phi4hpc.device.cuda uses it, on a machine without a GPU: kernels run in blocks on a CPU.

It is as strict as CuPy and CUDA are: what a kernel gets lives on the device or is a scalar of NumPy, blocks are no
larger than was compiled for, and those that wait for each other are launched together and have room.
"""

import ctypes
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from phi4hpc.device import host
from tests.blocks import FLAGS

__version__ = 'pretended'
MULTIPROCESSORS, RESIDENT = 2, 4


class ndarray(np.ndarray):
    """An array on the device."""

    @property
    def data(self):
        return SimpleNamespace(ptr=self.ctypes.data)


def asarray(values):
    return np.array(values).view(ndarray)


def asnumpy(array):
    return np.array(array)


class RawModule:
    def __init__(self, *, code, options, backend, enable_cooperative_groups):
        assert backend == 'nvrtc'
        self.cooperative = enable_cooperative_groups
        self.defined = dict(re.findall(r'-D(\w+)=(\w+)', ' '.join(options)))
        path = Path(tempfile.mkdtemp(), 'kernels.so')
        constants = [option for option in options if option.startswith(('-D', '-I'))]
        unit = host.translation_unit(re.search(r'"(\w+)\.cu"', code)[1])
        host.compile_into(path, [host.compiler(), *FLAGS, *constants], unit)
        self.module = host.Module(path)

    def get_function(self, name):
        return lambda grid, block, args: self.launch(name, grid[0], block, args)

    def launch(self, name, blocks, block, args):
        a_replica, threads = int(self.defined['BLOCKS']), block[0] * block[1]
        assert threads <= int(self.defined['MAX_THREADS'])
        assert self.cooperative or a_replica == 1
        assert not self.cooperative or blocks <= min(RESIDENT * MULTIPROCESSORS, int(self.defined['MAX_BLOCKS']))
        assert all(isinstance(arg, (ndarray, np.generic)) for arg in args)
        self.module.library.block_shape(*block)
        self.module.launch(name, blocks // a_replica, *args)


class Stream:
    ptr = 0

    def __init__(self, non_blocking=False):
        pass

    def synchronize(self):
        pass

    def record(self):
        return self

    def wait_event(self, event):
        pass


def memcpyAsync(target, origin, size, kind, stream):
    ctypes.memmove(target, origin, size)


cuda = SimpleNamespace(
    Stream=Stream, get_current_stream=Stream, Device=lambda number: SimpleNamespace(use=lambda: None),
    runtime=SimpleNamespace(
        getDeviceCount=lambda: 1, memcpyAsync=memcpyAsync, memcpyDeviceToHost=2,
        getDeviceProperties=lambda number: {'name': b'none, pretended', 'multiProcessorCount': MULTIPROCESSORS},
        driverGetVersion=lambda: 0, runtimeGetVersion=lambda: 0))
