"""A device for tests: the kernels with the blocks and threads of a GPU, on the cores of a CPU
(data/blocks.hpp).

Run as a program under a sanitizer's library, which must be there before Python is, it takes every
kernel through some launches, and the sanitizer tells on standard error what it finds:

    LD_PRELOAD=libtsan.so python tests/blocks.py thread phi4hpc/kernels FOLDER ALGORITHM ...
"""

import ctypes
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from phi4hpc.deck.algorithms import algorithm, names
from phi4hpc.device import compiler, host, source
from phi4hpc.device.fields import Fields
from phi4hpc.sampling import measure

HEADER = Path(__file__).parent / 'data' / 'blocks.hpp'
FLAGS = ['-std=c++17', '-O1', '-g', '-ffp-contract=off', '-fPIC', '-include', HEADER]
MAX_THREADS, MAX_BLOCKS = 256, 64
HMC = SimpleNamespace(integrator='omelyan', length=1.5, steps=3, acceptance=0.8)
SAMPLE = SimpleNamespace(acceptance=0.5, hmc=HMC)
"""As much of a deck's section as algorithms ask for."""


def compile_into(path, options):
    """Compile every kernel at once: most of the time goes into headers."""
    kernels = [kernel.stem for kernel in sorted(source.FOLDER.glob('*.cu'))]
    units = [compiler.translation_unit(kernel, stream_of(kernel)) for kernel in kernels]
    compiler.compile_into(path, [*compiler.compiler(), *FLAGS, *options], ''.join(units))


def stream_of(kernel):
    """Return the random stream of the algorithm of that name, 0 where there is none."""
    return getattr(algorithm(kernel), 'STREAM', 0) if kernel in names() else 0


class Blocks:
    """Runs kernels in blocks of `shape` (x, y) threads, `blocks` of them a replica. Compiles into
    `folder`.

    `sanitizer`: thread, address or none; its library must have been preloaded.
    """

    name = 'blocks'

    def __init__(self, folder, shape, blocks, sanitizer=None):
        self.folder, self.shape, self.blocks = folder, shape, blocks
        self.flags = [f'-fsanitize={sanitizer}'] if sanitizer else []

    def module(self, kernel, L, precision, stream=0):
        """Compile all kernels; return what launches them, as a device does for one of them."""
        path = self.folder / f'{L}-{precision}-{self.blocks}.so'
        if not path.exists():
            shape = {'BLOCKS': self.blocks, 'MAX_THREADS': MAX_THREADS, 'MAX_BLOCKS': MAX_BLOCKS}
            options = source.definitions(L, precision, shape)
            compile_into(path, [*self.flags, f'-I{source.FOLDER}', *options])
        module = host.Module(ctypes.CDLL(str(path)))
        module.library.block_shape(*self.shape)
        return module

    def array(self, values):
        """Return a copy of `values`, in memory of exactly that size."""
        return np.array(values)

    aligned = array

    pinned, outlet = host.Host.pinned, host.Host.outlet
    fetch, wait = host.Host.fetch, host.Host.wait

    def scratch_slots(self, replicas):
        """Return how many slots of scratch memory a launch needs: one a replica, as all run at
        once."""
        return replicas

    def numpy(self, array):
        """Return an array of this device as a NumPy array."""
        return array


def history(device, L, precision, algorithms, steps=2):
    """Return what algorithms do to three replicas: (fields, accepted proposals, what is measured).
    """
    replicas, lam = [0, 1, 7], 0.1
    fields = Fields(device, L, precision, lam, 5, replicas)
    fields.write(np.random.default_rng(L).normal(size=(len(replicas), L, L)))
    accepted = [launch(fields, name, 10 * step) for step in range(steps) for name in algorithms]
    return fields.read(), np.hstack(accepted), measured(fields)


def launch(fields, name, first, sweeps=2, part_r=None):
    """Make sweeps of an algorithm; return its accepted proposals (r,), zeros where it counts none.

    Replicas differ in their hopping and, by `part_r`, in the part of the first step size that they
    have.
    """
    module = algorithm(name)
    part_r = np.array(np.linspace(0.6, 1.0, fields.count) if part_r is None else part_r)
    sizes = None
    if hasattr(module, 'step_size'):
        sizes = module.step_size(SAMPLE, fields.L).first * part_r
    accepted = module.launch(fields, SAMPLE, 0.2 + 0.08 * part_r, sizes, first, sweeps)
    return np.zeros(fields.count) if accepted is None else accepted


def measured(fields):
    """Return (r, 5) densities and longest mode."""
    return np.column_stack([measure.densities(fields), measure.longest_mode(fields)])


LAUNCHES = [(6, (4, 2), 3), (16, (4, 4), 1), (2, (2, 2), 1)]    # L, shape, blocks


def main(sanitizer, sources, folder, *algorithms):
    """Take algorithms, their kernels in the folder `sources`, through every launch; what is
    compiled goes to `folder`."""
    # The compiler and what starts it need no sanitizer.
    os.environ.pop('LD_PRELOAD', None)
    source.FOLDER = Path(sources)
    for L, shape, blocks in LAUNCHES:
        history(Blocks(Path(folder), shape, blocks, sanitizer), L, 'float32', algorithms)


if __name__ == '__main__':
    main(*sys.argv[1:])
