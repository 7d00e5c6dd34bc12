"""`python tests/full.py DIR`: write what a run writes into DIR, on a small disk.

It has little room left at first, then more. Each time it must end well, or with an error that tells
of the disk, and nothing said on the way. A process of its own, since HDF5 may go down with a file
that cannot be closed.
"""

import shutil
import sys
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from mpi4py import MPI

from phi4hpc.blockspin import modelfile
from phi4hpc.errors import UserError, circumstance
from phi4hpc.files import whole, write_json
from phi4hpc.report import style
from phi4hpc.report.figure import Kind, save
from phi4hpc.stages import curves as stage_curves
from phi4hpc.statistics.gamma import obs
from phi4hpc.storage import checkpoint
from phi4hpc.storage.creation import create
from phi4hpc.storage.hdf5 import writable
from phi4hpc.storage.layout import Shape


def latent(folder):
    with whole(folder / 'latent.h5') as temporary, writable(temporary) as file:
        for n in range(20):
            file[f'a/{n}/b'] = np.zeros(100)
            file[f'a/{n}'].attrs['x'] = 1


def ensembles(driver):
    shapes = [Shape(4, (0.2, 0.3), 2, 10, 'float32')]
    return lambda folder: deque(create(driver, folder / 'ensembles.h5', shapes,
                                       {'lambda': 0.02}, 2))


def sampling(folder):
    fields = {'L004': (np.zeros((8, 4, 4)), [0, 8]), 'L008': (np.zeros((8, 8, 8)), [0, 8])}
    checkpoint.save(MPI.COMM_SELF, folder / 'checkpoint', 2, fields,
                    {f'L004.{n}': np.zeros(50) for n in range(20)})


def figure(folder):
    drawn, axes = style.panels()
    style.points(axes[0, 0], *np.random.default_rng(1).random((3, 100)))
    kind = Kind('figure', 'sampling', 0, 'A figure', 'A caption', lambda study: iter(()))
    save(kind, style.Plot(drawn, {}), folder)


def curves(folder):
    about = (SimpleNamespace(meaning={}, file=folder.joinpath),
             SimpleNamespace(action=SimpleNamespace(lam=0.02)))
    value = obs(np.random.default_rng(1).standard_normal((2, 1000)), 'ensemble')
    stage_curves.keep(SimpleNamespace(directory=about[0], deck=about[1]),
                      {'levels': [{'kappa': value}]})


WRITERS = {
    'latent.h5': latent, 'mpio': ensembles('mpio'), 'virtual': ensembles('virtual'),
    'checkpoint': sampling,
    'model': lambda folder: modelfile.write(folder / 'm.pt', {'weights': torch.zeros(5000)}),
    'figure': figure,
    'transition.json.gz': curves,
    'results.json': lambda folder: write_json(folder / 'a.json', list(range(5000)))}


def main(disk):
    """Write, and print how often there was no room for each file."""
    for name, write in WRITERS.items():
        failed = 0
        for room in range(0, 160, 8):
            folder = disk / 'run'
            folder.mkdir()
            (disk / 'ballast').write_bytes(bytes(shutil.disk_usage(disk).free - 1024 * room))
            try:
                write(folder)
            except (OSError, UserError) as error:
                told = str(circumstance(error) if isinstance(error, OSError) else error)
                assert str(folder) in told, told
                assert 'free some space' in told, told
                failed += 1
            shutil.rmtree(folder)
            (disk / 'ballast').unlink()
        print(name, failed)


if __name__ == '__main__':
    style.mpl.rc_file(style.SHEET)
    main(Path(sys.argv[1]))
