"""A device for tests: the kernels with the blocks and threads of a GPU, on the cores of a CPU (data/blocks.hpp).

Run as a program under a sanitizer's library, which must be there before Python is, it takes every kernel through some
launches, and the sanitizer tells on standard error what it finds:

    LD_PRELOAD=libtsan.so python tests/blocks.py thread phi4hpc/kernels FOLDER KERNEL ...
"""

import os
import sys
from pathlib import Path

import numpy as np

from phi4hpc.device import host, source
from phi4hpc.device.fields import Fields

HEADER = Path(__file__).parent / 'data' / 'blocks.hpp'
FLAGS = ['-std=c++17', '-O1', '-g', '-ffp-contract=off', '-fPIC', '-include', HEADER]
MAX_THREADS, MAX_BLOCKS = 256, 64


def compile_into(path, options):
    """Compile every kernel at once: most of the time goes into headers."""
    units = [host.translation_unit(path.stem) for path in sorted(source.FOLDER.glob('*.cu'))]
    host.compile_into(path, [host.compiler(), *FLAGS, *options], ''.join(units))


class Blocks:
    """Runs kernels in blocks of `shape` (x, y) threads, `blocks` of them a replica. Compiles into `folder`.

    `sanitizer`: thread, address or none; its library must have been preloaded.
    """

    name = 'blocks'

    def __init__(self, folder, shape, blocks, sanitizer=None):
        self.folder, self.shape, self.blocks = folder, shape, blocks
        self.flags = [f'-fsanitize={sanitizer}'] if sanitizer else []

    def module(self, name, L, precision):
        """Compile all kernels; return what launches them, as a device does for those of kernels/<name>.cu."""
        path = self.folder / f'{L}-{precision}-{self.blocks}.so'
        if not path.exists():
            shape = {'BLOCKS': self.blocks, 'MAX_THREADS': MAX_THREADS, 'MAX_BLOCKS': MAX_BLOCKS}
            compile_into(path, [*self.flags, f'-I{source.FOLDER}', *source.definitions(L, precision, shape)])
        module = host.Module(path)
        module.library.block_shape(*self.shape)
        return module

    def array(self, values):
        """Return a copy of `values`, in memory of exactly that size."""
        return np.array(values)

    aligned = array

    landing, outlet, fetch, wait = host.Host.landing, host.Host.outlet, host.Host.fetch, host.Host.wait

    def desks(self, replicas):
        """Return how many of so many replicas need scratch memory of their own: all, for they run at once."""
        return replicas

    def numpy(self, array):
        """Return an array of this device as a NumPy array."""
        return array


def history(device, L, precision, kernels, steps=2):
    """Return what `kernels` do to three replicas: (fields, hits taken and cluster labels, measured)."""
    replicas, lam = [0, 1, 7], 0.1
    fields = Fields(device, L, precision, lam, 5, replicas)
    fields.write(np.random.default_rng(L).normal(size=(len(replicas), L, L)))
    told = [CALLS[kernel](fields, 10 * step) for step in range(steps) for kernel in kernels]
    return fields.read(), np.hstack([np.ravel(values) for values in told]), measured(fields)


def measured(fields):
    """Return (r, 5) densities and longest mode."""
    return np.column_stack([fields.measure(), fields.longest_mode()])


def kappas(fields):
    return np.linspace(0.24, 0.28, fields.count)


CALLS = {
    'metropolis': lambda fields, sweep: fields.metropolis(kappas(fields), [1.5] * fields.count, sweep, 2),
    'overrelaxation': lambda fields, sweep: fields.overrelaxation(kappas(fields), sweep, 2),
    'hmc': lambda fields, sweep: fields.hmc(kappas(fields), [3, 4, 5], sweep, 2, 1.5, 'omelyan')[0],
    'cluster': lambda fields, sweep: fields.cluster(kappas(fields), sweep, 2) or fields.labels[-1].copy(),
}
LAUNCHES = [(6, (4, 2), 3), (16, (4, 4), 1), (2, (2, 2), 1)]                            # L, shape, blocks


def main(sanitizer, sources, folder, *kernels):
    """Take `kernels`, of the folder `sources`, through every launch; what is compiled goes to `folder`."""
    os.environ.pop('LD_PRELOAD', None)                     # the compiler and what starts it need no sanitizer
    source.FOLDER = Path(sources)
    for L, shape, blocks in LAUNCHES:
        history(Blocks(Path(folder), shape, blocks, sanitizer), L, 'float32', kernels)


if __name__ == '__main__':
    main(*sys.argv[1:])
