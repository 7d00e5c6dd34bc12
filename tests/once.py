"""Takes every kernel through a few launches on the GPU, for compute-sanitizer and ncu to watch.

    python tests/once.py [L PRECISION REPLICAS]       default: one and several blocks a replica
    python tests/once.py --versions                   of device, driver, CUDA and CuPy
"""

import sys

import numpy as np

from phi4hpc.deck.algorithms import names
from phi4hpc.device import cuda
from phi4hpc.device.fields import Fields
from tests.blocks import launch, measured

LAUNCHES = [(2, 'float32', 3), (34, 'float64', 3), (64, 'float32', 5), (64, 'float64', 5),
            (256, 'float32', 2)]


def versions(device):
    """Return one line."""
    runtime = device.cupy.cuda.runtime
    return (f'{device}, driver for CUDA {runtime.driverGetVersion()}, '
            f'runtime {runtime.runtimeGetVersion()}, CuPy {device.cupy.__version__}')


def launch_all(device, L, precision, replicas):
    """Launch every kernel on some replicas."""
    fields = Fields(device, L, precision, 0.1, 5, range(replicas))
    fields.write(np.random.default_rng(L).normal(size=(1, L, L)).repeat(replicas, 0))
    for name in names():
        launch(fields, name, 0)
    measured(fields)
    fields.read()
    device.wait()
    kernels = ', '.join([*names(), 'measure', 'mode', 'unpack'])
    print(f'{kernels} at L = {L}, {precision}, {replicas} replicas')


def main(*words):
    """Do what the words say."""
    device = cuda.require()
    if words == ('--versions',):
        print(versions(device))
        return
    for L, precision, replicas in [words] if words else LAUNCHES:
        launch_all(device, int(L), precision, int(replicas))


if __name__ == '__main__':
    main(*sys.argv[1:])
