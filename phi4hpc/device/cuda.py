"""A GPU as a device: CuPy compiles the kernels with NVRTC and keeps the arrays.

CuPy is imported only here, and only when a GPU is asked for.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from numpy.typing import ArrayLike, DTypeLike, NDArray

from phi4hpc.device import source as sources
from phi4hpc.device.device import Array
from phi4hpc.device.source import Kernel
from phi4hpc.errors import UserError

THREADS = 256                                       # of a block at most
RESIDENT = 4                                        # blocks on a multiprocessor at once
REGISTERS = 65536 // (RESIDENT * THREADS)           # of a thread at most, so that these blocks fit
MAX_BLOCKS = 4096                                   # of a cooperative launch, which need memory
ONE_BLOCK = 128                                     # up to this L several blocks gain nothing


class Cuda:
    """Runs kernels on one GPU of this node, taken by the rank's number on the node."""

    name = bits = 'cuda'

    def __init__(self, local_rank: int = 0) -> None:
        import cupy

        self.cupy = cupy
        count = cupy.cuda.runtime.getDeviceCount()
        self.number = local_rank % count
        cupy.cuda.Device(self.number).use()
        self.copies = cupy.cuda.Stream(non_blocking=True)
        self.facts = cupy.cuda.runtime.getDeviceProperties(self.number)
        self.multiprocessors = self.facts['multiProcessorCount']

    def __str__(self) -> str:
        return f'cuda ({self.facts["name"].decode()})'

    def module(self, kernel: Kernel, L: int, precision: str, stream: int = 0) -> 'Module':
        return Module(self.cupy, translation_unit(kernel, stream), L, precision,
                      self.multiprocessors)

    def array(self, values: ArrayLike) -> Array:
        return self.cupy.asarray(values, order='C')

    aligned = array

    def pinned(self, shape: tuple[int, ...], kind: DTypeLike) -> NDArray[Any]:
        from cupyx import empty_pinned

        return empty_pinned(shape, kind)

    def outlet(self, pinned: NDArray[Any]) -> Array:
        return self.cupy.empty(pinned.shape, pinned.dtype)

    def fetch(self, outlet: Array, pinned: NDArray[Any]) -> Callable[[], None]:
        # On a stream of its own, beside what is launched next.
        runtime = self.cupy.cuda.runtime
        self.copies.wait_event(self.cupy.cuda.get_current_stream().record())
        runtime.memcpyAsync(pinned.ctypes.data, outlet.data.ptr, outlet.nbytes,
                            runtime.memcpyDeviceToHost, self.copies.ptr)
        return partial(_copied, self.copies.record(), outlet)

    def scratch_slots(self, replicas: int) -> int:
        return replicas

    def numpy(self, array: Array) -> NDArray[Any]:
        return self.cupy.asnumpy(array)

    def wait(self) -> None:
        self.cupy.cuda.get_current_stream().synchronize()

    def release(self) -> None:
        """Give back the memory that CuPy keeps for arrays to come, so that torch can have it."""
        self.cupy.get_default_memory_pool().free_all_blocks()


def _copied(copied: Any, _: Array) -> None:
    """Wait for the event `copied`; the other argument keeps what is copied alive."""
    copied.synchronize()


class Module:
    """A kernel, compiled once for each number of blocks a replica that its launches take."""

    def __init__(self, cupy: Any, unit: str, L: int, precision: str, multiprocessors: int) -> None:
        self.L, self.multiprocessors = L, multiprocessors
        self.compiled = cache(lambda kernel, blocks: cupy.RawModule(
            code=unit, options=options(L, precision, blocks), backend='nvrtc',
        ).get_function(kernel).kernel)

    def launch(self, kernel: str, replicas: int, *args: Any) -> None:
        """Run `kernel` for replica 0 ... replicas - 1 on the current stream.

        That the launch is cooperative is said here. Said to RawModule, CuPy before 14.2 would
        compile without the limit of registers that lets all blocks run at once.
        """
        blocks = blocks_a_replica(self.L, replicas, self.multiprocessors)
        self.compiled(kernel, blocks)((replicas * blocks,), threads(self.L), args,
                                      enable_cooperative_groups=blocks > 1)


def translation_unit(kernel: Kernel, stream: int = 0) -> str:
    """Return the text that NVRTC compiles, with a digest of all files: CuPy's cache looks at this
    text alone."""
    digest = sources.digest(sources.path_of(kernel).read_text(encoding='utf-8'))
    return f'// {digest}\n#include "device.cuh"\n{sources.included(kernel, stream)}'


def options(L: int, precision: str, blocks: int = 1) -> tuple[str, ...]:
    """Return NVRTC's options for `blocks` blocks a replica."""
    shape = {'BLOCKS': blocks, 'MAX_BLOCKS': MAX_BLOCKS, 'MAX_THREADS': THREADS}
    return ('-std=c++17', f'-I{sources.FOLDER}', f'-maxrregcount={REGISTERS}',
            *sources.definitions(L, precision, shape))


def threads(L: int) -> tuple[int, int]:
    """Return a block's threads (x, y): a warp along a row of one colour where it is that long,
    THREADS at most."""
    along = min(32, 1 << (L // 2 - 1).bit_length())
    return along, max(1, min(L, THREADS // along))


def blocks_a_replica(L: int, replicas: int, multiprocessors: int) -> int:
    """Return how many blocks share a replica: several where it is large and there are too few to
    fill the GPU.

    Blocks that share a replica wait for each other, so all blocks of such a launch must fit on the
    GPU at once.
    """
    if L <= ONE_BLOCK:
        return 1
    room = min(RESIDENT * multiprocessors, MAX_BLOCKS)
    return max(1, min(L // threads(L)[1], room // replicas))


def gpu_missing() -> str | None:
    """Return why there is no GPU to be used, or None where there is one."""
    try:
        import cupy

        return None if cupy.cuda.runtime.getDeviceCount() else 'CuPy finds no GPU'
    except ImportError:
        return 'CuPy is not installed (pip install cupy-cuda12x or cupy-cuda13x)'
    except Exception as error:  # CuPy raises its own types, from a library that may not load
        return f'CuPy finds no GPU ({error})'


def require(local_rank: int = 0) -> Cuda:
    """Return the GPU as a device. Raises UserError where there is none."""
    if reason := gpu_missing():
        raise UserError(f'device: cuda was asked for, but {reason}; use device=host, or auto to '
                        'take what is there')
    return Cuda(local_rank)
