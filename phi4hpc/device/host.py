"""The host as a device: its C++ compiler turns kernels into serial, vectorised loops, called
through ctypes."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from phi4hpc.device.compiler import compiler, kernel_library
from phi4hpc.device.portable import portable
from phi4hpc.device.source import Kernel, definitions

ALIGNMENT = 64
SHAPE = {'BLOCKS': 1, 'MAX_THREADS': 1}                         # of a launch (kernels/launch.cuh)
CTYPES: dict[str, Any] = {'i': ctypes.c_int, 'I': ctypes.c_uint, 'd': ctypes.c_double}


class Host:
    """Runs kernels on this core; the other Device is phi4hpc.device.cuda.Cuda."""

    name = 'host'

    def __init__(self) -> None:
        self.bits = 'host, portable' if portable() else 'host'

    def __str__(self) -> str:
        return f'host ({", ".join([Path(compiler()[0]).name, *self.bits.split(", ")[1:]])})'

    def module(self, kernel: Kernel, L: int, precision: str, stream: int = 0) -> 'Module':
        return Module(kernel_library(kernel, stream, definitions(L, precision, SHAPE)))

    def array(self, values: ArrayLike) -> NDArray[Any]:
        return np.ascontiguousarray(values)

    def aligned(self, values: NDArray[Any]) -> NDArray[Any]:
        buffer = np.empty(values.nbytes + ALIGNMENT, np.uint8)
        copy: NDArray[Any] = np.ndarray(values.shape, values.dtype, buffer,
                                        -address(buffer) % ALIGNMENT)
        copy[...] = values
        return copy

    def pinned(self, shape: tuple[int, ...], kind: DTypeLike) -> NDArray[Any]:
        return np.empty(shape, kind)

    def outlet(self, pinned: NDArray[Any]) -> NDArray[Any]:
        return pinned

    def fetch(self, outlet: NDArray[Any], pinned: NDArray[Any]) -> Callable[[], None]:
        return self.wait

    def scratch_slots(self, replicas: int) -> int:
        return 1

    def numpy(self, array: NDArray[Any]) -> NDArray[Any]:
        return array

    def wait(self) -> None:
        pass


class Module:
    """A loaded shared object: `launch` runs one of its functions over a number of blocks."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.calls: dict[str, Call] = {}

    def launch(self, kernel: str, replicas: int, *args: Any) -> None:
        """Run `kernel` for block 0 ... replicas - 1. Arrays are passed by address, NumPy scalars
        by value."""
        if kernel not in self.calls:
            self.calls[kernel] = self.call(kernel, *args)
        self.calls[kernel].change(args)
        self.calls[kernel](replicas)

    def call(self, kernel: str, *args: Any) -> 'Call':
        """Return the Call of `kernel` with these arguments."""
        return Call(getattr(self.library, f'launch_{kernel}'), args)


class Call:
    """A function and its arguments, passed once: to pass them takes longer than the launch."""

    def __init__(self, function: Any, args: tuple[Any, ...]) -> None:
        self.function, self.args = function, (None,) * len(args)
        self.values = [CTYPES[arg.dtype.char]() if isinstance(arg, np.generic)
                       else ctypes.c_void_p() for arg in args]
        self.addresses = (ctypes.c_void_p * len(args))(*map(ctypes.addressof, self.values))
        self.change(args)

    def change(self, args: tuple[Any, ...]) -> None:
        """Take the arguments that are not the same objects as before."""
        for value, last, arg in zip(self.values, self.args, args, strict=True):
            if arg is not last:
                value.value = plain(arg)
        self.args = args

    def __call__(self, blocks: int) -> None:
        self.function(ctypes.c_int(blocks), self.addresses)


def plain(arg: Any) -> Any:
    """Return a kernel's argument for ctypes: an array's address, or a NumPy scalar's value."""
    if isinstance(arg, np.generic):
        return arg.item()
    return address(arg) if arg.size else None


def address(array: NDArray[Any]) -> int:
    """Return where a contiguous array begins.

    `array.ctypes.data` takes three times as long, but also serves arrays that are read-only.
    """
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except TypeError:
        return array.ctypes.data
