"""The host as a device: the C++ compiler turns kernels into serial, vectorised loops, called through ctypes.

A shared object is cached by a digest of source, flags, compiler and CPU; it is written under a temporary name and
renamed, so ranks that compile at the same time don't race. Set PHI4HPC_CACHE to move the cache, CXX to name a compiler.
"""

import contextlib
import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from phi4hpc.device import source as sources
from phi4hpc.device.source import definitions, digest
from phi4hpc.errors import UserError
from phi4hpc.files import settle

FLAGS = ['-std=c++17', '-O3', '-ffp-contract=off', '-fPIC', '-include', 'host.hpp']
# -ffast-math opens the vector exponential of libmvec; 512-bit vectors pay here where the CPU has them.
FAST = ['-march=native', '-mprefer-vector-width=512', '-ffast-math', '-ffp-contract=fast']
# Slurm's signals reach every process of a job: those that ask a run for a checkpoint must not end its compiler.
UNDISTURBED = ['sh', '-c', 'trap "" USR1 USR2 TERM; exec "$@"', 'sh']
ALIGNMENT = 64
SHAPE = {'BLOCKS': 1, 'MAX_THREADS': 1}                         # of a launch (kernels/launch.cuh)
CTYPES = {'i': ctypes.c_int, 'I': ctypes.c_uint, 'd': ctypes.c_double}


class Host:
    """Runs kernels on this core. The other device is phi4hpc.device.cuda.Cuda."""

    name = 'host'

    def __str__(self):
        return f'host ({Path(compiler()).name})'

    def module(self, source, L, precision):
        """Compile kernels/<source>.cu for a lattice size and precision; return what launches its kernels."""
        return Module(shared_object(source, [*FAST, *definitions(L, precision, SHAPE)]))

    def array(self, values):
        """Return `values` as kernels can take them; they may share memory."""
        return np.ascontiguousarray(values)

    def landing(self, shape, kind):
        """Return an array of the host, its content arbitrary, for `fetch`."""
        return np.empty(shape, kind)

    def outlet(self, landing):
        """Return an array of this device, its content arbitrary, from which `fetch` copies to the array `landing`."""
        return landing

    def aligned(self, values):
        """Return a copy of `values` that kernels can work on, aligned alike wherever it lies."""
        buffer = np.empty(values.nbytes + ALIGNMENT, np.uint8)
        copy = np.ndarray(values.shape, values.dtype, buffer, -address(buffer) % ALIGNMENT)
        copy[...] = values
        return copy

    def desks(self, replicas):
        """Return how many of so many replicas need scratch memory of their own."""
        return 1

    def wait(self):
        """Return when all launches are done."""

    def numpy(self, array):
        """Return an array of this device as a NumPy array; it may share memory."""
        return array

    def fetch(self, outlet, landing):
        """Begin to copy, here nothing; return what waits until that is done."""
        return self.wait


class Module:
    """A compiled source: `launch` runs one of its kernels over a number of blocks."""

    def __init__(self, path):
        self.library, self.calls = ctypes.CDLL(str(path)), {}

    def launch(self, kernel, blocks, *args):
        """Run `kernel` for block 0 ... blocks-1. Arrays are passed by address, NumPy scalars by value."""
        if kernel not in self.calls:
            self.calls[kernel] = self.call(kernel, *args)
        self.calls[kernel].change(args)
        self.calls[kernel](blocks)

    def call(self, kernel, *args):
        """Return the Call of `kernel` with these arguments."""
        return Call(getattr(self.library, f'launch_{kernel}'), args)


class Call:
    """A kernel and its arguments, passed once: to pass them takes longer than the launch."""

    def __init__(self, function, args):
        self.function, self.args = function, (None,) * len(args)
        self.values = [CTYPES[arg.dtype.char]() if isinstance(arg, np.generic) else ctypes.c_void_p() for arg in args]
        self.addresses = (ctypes.c_void_p * len(args))(*map(ctypes.addressof, self.values))
        self.change(args)

    def change(self, args):
        """Take the arguments that are others than before."""
        for value, last, arg in zip(self.values, self.args, args, strict=True):
            if arg is not last:
                value.value = plain(arg)
        self.args = args

    def __call__(self, blocks):
        self.function(ctypes.c_int(blocks), self.addresses)


def plain(arg):
    """Return a kernel's argument for ctypes: an array's address, or a NumPy scalar's value."""
    if isinstance(arg, np.generic):
        return arg.item()
    return address(arg) if arg.size else None


def address(array):
    """Return where a contiguous array begins; `array.ctypes.data` takes thrice as long, but knows of constant ones."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))
    except TypeError:
        return array.ctypes.data


def compiler():
    """Return the path of the C++ compiler: $CXX, or the first of g++, clang++, c++.

    Raises UserError where there is none.
    """
    names = [os.environ['CXX']] if 'CXX' in os.environ else ['g++', 'clang++', 'c++']
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise UserError(f'no C++ compiler ({" or ".join(names)}) found: the host kernels need one; '
                        'install it (apt-get install g++, or module load gcc), or name it in CXX')
    return path


def shared_object(source, options=()):
    """Return the path of the compiled shared object of kernels/<source>.cu, compiling it where the cache lacks it."""
    cxx = compiler()
    command = [cxx, *FLAGS, f'-I{sources.FOLDER}', *options]
    version = subprocess.run([cxx, '--version'], capture_output=True, text=True, check=False).stdout
    path = cache() / f'{source}-{digest(source, *command, version, cpu())}.so'
    if not path.exists():
        compile_into(path, command, translation_unit(source))
    return path


def compile_into(path, command, text):
    """Compile `text` to `path` by way of a temporary name.

    Linked apart, without -ffast-math: with it GCC adds code that flushes subnormals to zero in the whole process.
    """
    with room(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unit, compiled, linked = (Path(folder, f'unit.{kind}') for kind in ('cpp', 'o', 'so'))
        unit.write_text(text)
        build([*command, '-c', unit, '-o', compiled])
        build([command[0], '-shared', compiled, '-o', linked, '-lm'])
        settle(linked, path)


def build(command):
    """Run the compiler. Raises UserError with what it said where it fails."""
    done = subprocess.run([*UNDISTURBED, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(f'{" ".join(map(str, command))} failed on the host kernels:\n{done.stderr[-2000:]}')


def translation_unit(source):
    """Return the text that the compiler is given: the source, and a launcher for each kernel that it defines."""
    text = (sources.FOLDER / f'{source}.cu').read_text()
    names = [line.split('(')[0].split()[-1] for line in text.splitlines() if line.startswith('extern "C" __global__')]
    return '\n'.join([f'#include "{source}.cu"', *(f'LAUNCHER({name})' for name in names), ''])


@contextlib.contextmanager
def room():
    """A block that writes to the cache: where the system refuses, a UserError says what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:                      # a RuntimeError: there is no home directory
        raise UserError(f'compiled kernels cannot be kept ({error}); '
                        'set PHI4HPC_CACHE to a folder that can be written and has room') from None


def cache():
    """Return the folder of compiled kernels, made where it is missing."""
    with room():
        folder = Path(os.environ.get('PHI4HPC_CACHE') or
                      Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache', 'phi4hpc'))
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def cpu():
    """Return a name for the kind of CPU that -march=native means here."""
    lines = Path('/proc/cpuinfo').read_text().splitlines() if Path('/proc/cpuinfo').exists() else []
    facts = sorted({line for line in lines if line.startswith(('model name', 'flags', 'Features', 'CPU part'))})
    return hashlib.sha256('\n'.join(facts).encode()).hexdigest()
