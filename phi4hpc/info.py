"""`phi4hpc info`: what this machine and this environment offer, and what is missing.

Every library is asked in a process of its own, all at once. A package that is absent, or an MPI
library that ends the process which loads it, then costs its own line and no other.
"""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from phi4hpc import __version__

PROBES = {
    'MPI library': """
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
print(MPI.Get_library_version().split(",")[0].splitlines()[0])
""",
    'mpi4py': 'import mpi4py; print(mpi4py.__version__)',
    'HDF5': """
import h5py
parallel = "yes" if h5py.get_config().mpi else "no"
print(f"{h5py.version.hdf5_version}, h5py {h5py.version.version}, parallel: {parallel}")
""",
    'storage driver': """
import h5py
print("auto takes", "mpio: one file, written by all ranks" if h5py.get_config().mpi
      else "virtual: a file for each rank behind one virtual dataset")
""",
    'torch': """
import torch, torch.distributed as d
backends = ["gloo"] * d.is_gloo_available() + ["nccl"] * d.is_nccl_available()
print(f"{torch.__version__},", " and ".join(backends))
""",
    'GPUs': """
import cupy
gpu = cupy.cuda.runtime
names = [gpu.getDeviceProperties(i)["name"].decode() for i in range(gpu.getDeviceCount())]
print(", ".join(names))
""",
}
"""Python that prints one line about a library, or fails with a reason."""
MISSING = re.compile(r"^ModuleNotFoundError: No module named '([\w.]+)'$")


def main() -> None:
    """Print one aligned table. What is missing is said there; it is no failure."""
    rows = [('phi4hpc', __version__),
            ('Python', f'{platform.python_version()} ({shorten(sys.executable)})'),
            ('system', f'{system()}, {platform.machine()}'), ('processor', processor()),
            ('cores', cores())]
    with ThreadPoolExecutor() as pool:
        rows += zip(PROBES, pool.map(probe, PROBES.values()), strict=True)
    rows.insert(-len(PROBES) + 1, ('MPI launcher', launcher()))
    rows += [('C++ compiler', compiler()), ('environment', shorten(sys.prefix))]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f'{name:<{width}}  {value}')


def probe(code: str) -> str:
    """Return the line that the Python `code` prints, or `none: ` and the last line of its error."""
    try:
        done = subprocess.run([sys.executable, '-W', 'ignore', '-c', code],
                              capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        return 'none: no answer within a minute'
    if done.returncode == 0:
        return done.stdout.strip()
    said = (done.stderr.strip() or f'exit status {done.returncode}').splitlines()[-1]
    return 'none: ' + MISSING.sub(r'\1 is not installed', said)


def version_of(command: str) -> str | None:
    """Return the first line of `command --version` and where the command is, None without answer.

    `command` may have words of its own, as CXX='ccache g++' has.
    """
    program, *words = shlex.split(command)
    path = shutil.which(program)
    if path is None:
        return None
    done = subprocess.run([path, *words, '--version'], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        return None
    first = done.stdout.strip().splitlines()
    return f'{first[0] if first else command} ({shorten(path)})'


def launcher() -> str:
    """Return the versions of the launchers that are found: mpirun, and Slurm's srun."""
    found = [v for v in (version_of('mpirun'), version_of('srun')) if v]
    return ', '.join(found) or 'none: install an MPI, or load its module'


def compiler() -> str:
    """Return the C++ compiler of the host kernels: $CXX, or the first of g++, clang++ and c++."""
    names = (os.environ.get('CXX', ''), 'g++', 'clang++', 'c++')
    found = (version_of(name) for name in names if name.strip())
    missing = 'none: the host kernels need one, e.g. apt-get install g++'
    return next((version for version in found if version), missing)


def system() -> str:
    """Return the name of the distribution, or of the kernel where it has none."""
    try:
        return platform.freedesktop_os_release()['PRETTY_NAME']
    except (OSError, KeyError):
        return f'{platform.system()} {platform.release()}'


def processor() -> str:
    """Return the processor's name as the kernel gives it."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        lines = []
    names = (line.split(':')[1].strip() for line in lines if line.startswith('model name'))
    return next(names, platform.machine())


def cores() -> str:
    """Return how many cores this process may use."""
    return f'{len(os.sched_getaffinity(0))} of {os.cpu_count()}'


def shorten(path: str | os.PathLike) -> str:
    """Return `path` relative to the working directory where it lies below it."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
