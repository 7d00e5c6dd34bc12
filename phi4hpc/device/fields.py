"""The fields of some replicas of one lattice, held on a device in the kernels' own order, and
launches on them.

Arrays: phi_ryx (r replicas, y and x the lattice axes). The kernels' order (kernels/field.cuh)
keeps even and odd sites apart, rows padded, with a halo column at either side.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from phi4hpc.device.device import Array, Device, Module
from phi4hpc.device.source import LEFT, Kernel, path_of, stride


class Fields:
    """Fields of `replicas` (their numbers, which key their random words) on lattices of size L,
    all at one lambda.

    For a kernel's arguments there are the arrays `packed` (the fields) and `replicas`, the scalars
    `lam` and `seed`, and the types of C++ `unsigned`, `integer` and `double`.
    """

    unsigned, integer, double = np.uint32, np.int32, np.float64

    def __init__(self, device: Device, L: int, precision: str, lam: float, seed: int,
                 replicas: Sequence[int] | NDArray[Any]) -> None:
        self.device, self.L, self.precision = device, L, precision
        self.lam, self.seed = self.double(lam), self.unsigned(seed)
        self.count = len(replicas)
        self.replicas = device.array(np.asarray(replicas, np.int32))
        self.packed = device.aligned(np.zeros((self.count, 2, L, stride(L)), precision))
        self.modules: dict[Kernel, tuple[Module, str]] = {}
        self.kept: dict[Any, Array] = {}                                   # scratch and constants

    def write(self, phi_ryx: ArrayLike) -> None:
        """Set the fields."""
        self.packed = self.device.aligned(pack(np.asarray(phi_ryx, self.precision)))

    def read(self) -> NDArray[Any]:
        """Return the fields, phi_ryx."""
        phi_ryx = np.empty((self.count, self.L, self.L), self.precision)
        self.fetch(phi_ryx)()
        return phi_ryx

    def pinned(self, times: int) -> NDArray[Any]:
        """Return room for `times` phi_ryx on the host, its content arbitrary, to which they are
        quickest fetched."""
        return self.device.pinned((times, self.count, self.L, self.L), self.precision)

    def fetch(self, phi_ryx: NDArray[Any]) -> Callable[[], None]:
        """Begin to read the fields as they are now into `phi_ryx`; return what waits until they
        are there."""
        if not self.count:
            return self.device.wait
        outlet = self.device.outlet(phi_ryx)
        self.launch('unpack', outlet)
        return self.device.fetch(outlet, phi_ryx)

    def launch(self, kernel: Kernel, *args: Any, stream: int = 0) -> None:
        """Run a kernel on all fields, which are its first argument; it bears the name of its file.

        `args`: arrays of the device and scalars of the types that are named here. `stream`: the
        number of the random stream that the kernel draws from.
        """
        if kernel not in self.modules:
            module = self.device.module(kernel, self.L, self.precision, stream)
            self.modules[kernel] = module, path_of(kernel).stem
        module, name = self.modules[kernel]
        module.launch(name, self.count, self.packed, *args)

    def reals(self, values: ArrayLike) -> Array:
        """Return numbers as an array of the device of type double."""
        return self.device.array(np.asarray(values, np.float64))

    def integers(self, values: ArrayLike) -> Array:
        """Return numbers as an array of the device of type int."""
        return self.device.array(np.asarray(values, np.int32))

    def counters(self) -> Array:
        """Return a zero of type long long for each replica, which a kernel may add to."""
        return self.device.array(np.zeros(self.count, np.int64))

    def sums(self, *shape: int) -> Array:
        """Return zeros of type double for each replica, (r, *shape)."""
        return self.device.array(np.zeros((self.count, *shape)))

    def scratch(self, name: str, size: int, kind: DTypeLike | None = None) -> Array:
        """Return memory for a kernel to work in, `size` numbers a slot, the same for the same
        name.

        `kind`: their type, by default that of the fields. The content is what the kernel left
        there.
        """
        key = name, size, kind
        if key not in self.kept:
            slots = self.device.scratch_slots(self.count)
            self.kept[key] = self.device.aligned(np.zeros((slots, size), kind or self.precision))
        return self.kept[key]

    def constant(self, make: Callable[[int], NDArray[Any]]) -> Array:
        """Return `make(L)` as an array of the device, made once."""
        if make not in self.kept:
            self.kept[make] = self.device.array(make(self.L))
        return self.kept[make]

    def numpy(self, array: Array) -> NDArray[Any]:
        """Return an array of the device as one of NumPy."""
        return self.device.numpy(array)


def pack(phi_ryx: NDArray[Any]) -> NDArray[Any]:
    """Return fields in the kernels' order, (r, colour, y, stride), halos filled."""
    r, L, _ = phi_ryx.shape
    half, packed = L // 2, np.zeros((r, 2, L, stride(L)), phi_ryx.dtype)
    for y, x in (0, 0), (0, 1), (1, 0), (1, 1):                            # colour = (x + y) & 1
        packed[:, (x + y) % 2, y::2, LEFT:LEFT + half] = phi_ryx[:, y::2, x::2]
    packed[..., LEFT - 1] = packed[..., LEFT + half - 1]
    packed[..., LEFT + half] = packed[..., LEFT]
    return packed
