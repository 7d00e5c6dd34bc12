"""Where a report comes from: the deck as given and as understood, versions, times of stages."""

import platform
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import h5py

from phi4hpc import __version__
from phi4hpc.report.study import Study
from phi4hpc.rundirectory import ledger

PACKAGES = ('numpy', 'mpi4py', 'h5py', 'torch', 'pyerrors', 'matplotlib')


def provenance(study: Study, ranks: int, device: str) -> dict[str, Any]:
    """Return what the end of the page tells; `ranks` and `device` are those of this stage."""
    stages = ledger.records(study.path)
    deck, resolved = ((study.path / name).read_text(encoding='utf-8')
                      for name in ('deck.yaml', 'deck.resolved.yaml'))
    return {'deck': deck, 'resolved': resolved, 'versions': versions(),
            'seed': study.deck.seed, 'precision': study.deck.precision, 'ranks': ranks,
            'device': device, 'machine': f'{platform.system()} {platform.machine()}',
            'written': time.strftime('%Y-%m-%d %H:%M:%S'),
            'stages': [{'name': name, 'seconds': f'{stage.seconds:.1f}', 'ranks': stage.ranks,
                        'finished': stage.finished} for name, stage in stages.items()]}


def versions() -> dict[str, str]:
    """Return {software: version}; a package that is not installed made nothing, and is left out."""
    found = {'phi4hpc': __version__, 'Python': platform.python_version(),
             'HDF5': h5py.version.hdf5_version}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
