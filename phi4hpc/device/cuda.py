"""A GPU as a device: CuPy compiles the kernels with NVRTC and keeps the arrays.

CuPy is imported only here, and only when asked for.
"""


from phi4hpc.device import source as sources
from phi4hpc.errors import UserError

THREADS = 1024


class Cuda:
    """Runs kernels on one GPU of this node, taken by the rank's number on the node."""

    name = 'cuda'

    def __init__(self, local_rank=0):
        import cupy

        self.cupy = cupy
        count = cupy.cuda.runtime.getDeviceCount()
        self.number = local_rank % count
        cupy.cuda.Device(self.number).use()

    def __str__(self):
        return f'cuda ({self.cupy.cuda.runtime.getDeviceProperties(self.number)["name"].decode()})'

    def module(self, source, L, precision):
        """Compile kernels/<source>.cu for a lattice size and precision; return what launches its kernels."""
        return Module(self.cupy, source, L, precision)

    def array(self, values):
        """Return a copy of `values` on the GPU."""
        return self.cupy.asarray(values)

    def numpy(self, array):
        """Return an array of this device as a NumPy array."""
        return self.cupy.asnumpy(array)


class Module:
    """A compiled source: `launch` runs one of its kernels over a number of blocks."""

    def __init__(self, cupy, source, L, precision):
        self.module = cupy.RawModule(code=translation_unit(source), options=options(L, precision), backend='nvrtc')
        self.shape = threads(L)

    def launch(self, kernel, blocks, *args):
        """Run `kernel` for block 0 ... blocks-1 on the current stream. Arrays live on the GPU, scalars are NumPy's."""
        self.module.get_function(kernel)((blocks,), self.shape, args)


def translation_unit(source):
    """Return the text that NVRTC compiles."""
    return f'#include "device.cuh"\n#include "{source}.cu"\n'


def options(L, precision):
    """Return NVRTC's options."""
    return ('-std=c++17', f'-I{sources.FOLDER}', *sources.definitions(L, precision, THREADS))


def threads(L):
    """Return the block's threads (x, y): a warp along a row of one colour where it is that long, 256 in all at most."""
    along = min(32, 1 << (L // 2 - 1).bit_length())
    return along, max(1, min(L, 256 // along))


def gpu_missing():
    """Return why there is no GPU to be used, or None where there is one."""
    try:
        import cupy

        return None if cupy.cuda.runtime.getDeviceCount() else 'CuPy finds no GPU'
    except ImportError:
        return 'CuPy is not installed (pip install cupy-cuda12x or cupy-cuda13x)'
    except Exception as error:  # CuPy raises its own types, from a library that may not load
        return f'CuPy finds no GPU ({error})'


def require(local_rank=0):
    """Return the GPU as a device. Raises UserError where there is none."""
    if reason := gpu_missing():
        raise UserError(f'device: cuda was asked for, but {reason}; use device=host, or auto to take what is there')
    return Cuda(local_rank)
