"""A GPU as a device: CuPy compiles the kernels with NVRTC and keeps the arrays.

CuPy is imported only here, and only when asked for.
"""

from functools import cache, partial

from phi4hpc.device import source as sources
from phi4hpc.errors import UserError

THREADS = 256                                       # of a block at most
RESIDENT = 4                                        # blocks on a multiprocessor at once, made sure of by REGISTERS
REGISTERS = 65536 // (RESIDENT * THREADS)           # of a thread at most
MAX_BLOCKS = 4096                                   # of a cooperative launch: room for their sums and barriers
ONE_BLOCK = 128                                     # up to this L blocks that wait for each other gain nothing


class Cuda:
    """Runs kernels on one GPU of this node, taken by the rank's number on the node."""

    name = 'cuda'

    def __init__(self, local_rank=0):
        import cupy

        self.cupy = cupy
        count = cupy.cuda.runtime.getDeviceCount()
        self.number = local_rank % count
        cupy.cuda.Device(self.number).use()
        self.copies = cupy.cuda.Stream(non_blocking=True)
        self.multiprocessors = cupy.cuda.runtime.getDeviceProperties(self.number)['multiProcessorCount']

    def __str__(self):
        return f'cuda ({self.cupy.cuda.runtime.getDeviceProperties(self.number)["name"].decode()})'

    def module(self, source, L, precision):
        """Compile kernels/<source>.cu for a lattice size and precision; return what launches its kernels."""
        return Module(self.cupy, source, L, precision, self.multiprocessors)

    def array(self, values):
        """Return a copy of `values` on the GPU."""
        return self.cupy.asarray(values)

    aligned = array

    def landing(self, shape, kind):
        """Return an array in pinned memory of the host, its content arbitrary: to others `fetch` waits."""
        from cupyx import empty_pinned

        return empty_pinned(shape, kind)

    def outlet(self, landing):
        """Return an array on the GPU, its content arbitrary, from which `fetch` can copy to `landing`."""
        return self.cupy.empty(landing.shape, landing.dtype)

    def desks(self, replicas):
        """Return how many of so many replicas need scratch memory of their own."""
        return replicas

    def wait(self):
        """Return when all launches are done."""
        self.cupy.cuda.get_current_stream().synchronize()

    def numpy(self, array):
        """Return an array of this device as a NumPy array."""
        return self.cupy.asnumpy(array)

    def fetch(self, outlet, landing):
        """Begin to copy from the GPU to the host; return what waits until that is done.

        On a stream of its own, beside what is launched next.
        """
        runtime = self.cupy.cuda.runtime
        self.copies.wait_event(self.cupy.cuda.get_current_stream().record())
        runtime.memcpyAsync(landing.ctypes.data, outlet.data.ptr, outlet.nbytes, runtime.memcpyDeviceToHost,
                            self.copies.ptr)
        return partial(_copied, self.copies.record(), outlet)


def _copied(copied, _):
    """Wait for the event `copied`; the other argument keeps what is copied alive."""
    copied.synchronize()


class Module:
    """A source, compiled for as many blocks a replica as a launch takes; `launch` runs one of its kernels."""

    def __init__(self, cupy, source, L, precision, multiprocessors):
        self.L, self.multiprocessors = L, multiprocessors
        self.compiled = cache(lambda blocks: cupy.RawModule(
            code=translation_unit(source), options=options(L, precision, blocks), backend='nvrtc',
            enable_cooperative_groups=blocks > 1))

    def launch(self, kernel, replicas, *args):
        """Run `kernel` for replica 0 ... replicas-1 on the current stream.

        Arrays live on the GPU, scalars are NumPy's.
        """
        blocks = blocks_a_replica(self.L, replicas, self.multiprocessors)
        self.compiled(blocks).get_function(kernel)((replicas * blocks,), threads(self.L), args)


def translation_unit(source):
    """Return the text that NVRTC compiles, with a digest of all files: CuPy's cache looks at this text alone."""
    return f'// {sources.digest()}\n#include "device.cuh"\n#include "{source}.cu"\n'


def options(L, precision, blocks=1):
    """Return NVRTC's options for `blocks` blocks a replica."""
    shape = {'BLOCKS': blocks, 'MAX_BLOCKS': MAX_BLOCKS, 'MAX_THREADS': THREADS}
    return ('-std=c++17', f'-I{sources.FOLDER}', f'-maxrregcount={REGISTERS}',
            *sources.definitions(L, precision, shape))


def threads(L):
    """Return the block's threads (x, y): a warp along a row of one colour where it is that long, 256 in all at most."""
    along = min(32, 1 << (L // 2 - 1).bit_length())
    return along, max(1, min(L, THREADS // along))


def blocks_a_replica(L, replicas, multiprocessors):
    """Return how many blocks share a replica: several where it is large and there are too few to fill the GPU.

    Blocks that share a replica wait for each other, so all blocks of such a launch must fit on the GPU at once.
    """
    if L <= ONE_BLOCK:
        return 1
    room = min(RESIDENT * multiprocessors, MAX_BLOCKS)
    return max(1, min(L // threads(L)[1], room // replicas))


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
