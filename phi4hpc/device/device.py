"""What a device is to the rest of the package: host.py and cuda.py are the two that there are."""

from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import ArrayLike, DTypeLike, NDArray

from phi4hpc.device.source import Kernel

Array = Any
"""An array that lives on a device: of NumPy on the host, of CuPy on a GPU."""


class Module(Protocol):
    """A kernel's source, compiled for one size of lattice and one precision."""

    def launch(self, kernel: str, replicas: int, *args: Any) -> None:
        """Run the function `kernel` for replica 0 ... replicas - 1.

        Arguments are arrays of the device, or scalars of NumPy's types; they are passed as they
        are.
        """


class Device(Protocol):
    """Where fields live and kernels run. A launch may return before it is done, but launches keep
    their order."""

    name: str
    bits: str
    """Two runs whose devices agree in this make the same bits."""

    def module(self, kernel: Kernel, L: int, precision: str, stream: int = 0) -> Module:
        """Compile a kernel; `stream` is the number of the random stream from which it draws, if it
        draws."""

    def array(self, values: ArrayLike) -> Array:
        """Return `values` as an array that kernels can take; on the host it may share their
        memory."""

    def aligned(self, values: NDArray[Any]) -> Array:
        """Return a copy of `values` that kernels can work on, aligned alike wherever it lies."""

    def pinned(self, shape: tuple[int, ...], kind: DTypeLike) -> NDArray[Any]:
        """Return an array of the host, its content arbitrary, to which `fetch` need not wait for
        the copy."""

    def outlet(self, pinned: NDArray[Any]) -> Array:
        """Return an array of the device, its content arbitrary, from which `fetch` copies to
        `pinned`."""

    def fetch(self, outlet: Array, pinned: NDArray[Any]) -> Callable[[], None]:
        """Begin to copy from the device to the host; return a function that waits until that is
        done."""

    def scratch_slots(self, replicas: int) -> int:
        """Return how many slots of scratch memory a launch for `replicas` replicas needs."""

    def numpy(self, array: Array) -> NDArray[Any]:
        """Return an array of the device as one of NumPy, after all launches; on the host it shares
        memory."""

    def wait(self) -> None:
        """Return when all launches are done."""
