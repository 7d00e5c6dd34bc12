"""The C++ compiler, and the cache of what it made of the kernels.

A shared object is cached by a digest of source, flags, compiler and CPU. It is written under a
temporary name and renamed, so that ranks which compile at the same time do not race. CXX names a
compiler, PHI4HPC_CACHE moves the cache.
"""

import contextlib
import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from phi4hpc.device import source as sources
from phi4hpc.device.portable import portable
from phi4hpc.device.source import Kernel
from phi4hpc.errors import UserError
from phi4hpc.files import settle

FLAGS = ['-std=c++17', '-O3', '-ffp-contract=off', '-fPIC', '-include', 'host.hpp']
NATIVE = ['-march=native',
          *(['-mprefer-vector-width=512'] if platform.machine() == 'x86_64' else [])]
FAST = [*NATIVE, '-ffast-math', '-ffp-contract=fast']
"""-ffast-math opens the vector functions of libmvec, and 512-bit vectors pay here."""
PORTABLE = [*NATIVE, '-fno-math-errno', '-fno-trapping-math', '-DPORTABLE']
"""Operations are as IEEE 754 and the source say: neither vectors nor compilers change a bit."""
UNDISTURBED = ['sh', '-c', 'trap "" USR1 USR2 TERM; exec "$@"', 'sh']
"""Slurm sends signals to every process of a job: what stops a run must not end a compiler."""
SEAL = 32                         # bytes at the end of a cached file: the SHA-256 of all before


def kernel_library(kernel: Kernel, stream: int, definitions: Sequence[str]) -> ctypes.CDLL:
    """Return a kernel as a shared object, with a function launch_<name> for each entry point."""
    flags = PORTABLE if portable() else FAST
    return library(sources.path_of(kernel), translation_unit(kernel, stream),
                   [*flags, *definitions])


def library(path: Path, text: str, options: Sequence[str] = ()) -> ctypes.CDLL:
    """Return the shared object that the compiler makes of `text`, which includes the file `path`.

    It is compiled where the cache lacks it, and where what lies there is damaged or cannot be
    loaded. Raises UserError where that does not help.
    """
    command = [*compiler(), *FLAGS, f'-I{sources.FOLDER}', *options]
    content = path.read_text(encoding='utf-8')
    digest = sources.digest(content, text, *command, version(*compiler()), cpu())
    made = cache_folder() / f'{path.stem}-{digest}.so'
    with contextlib.suppress(OSError):
        if intact(made):
            return ctypes.CDLL(str(made))
    compile_into(made, command, text)
    try:
        return ctypes.CDLL(str(made))
    except OSError as error:
        raise UserError(f'compiled kernels cannot be loaded ({error}): where their file system is '
                        'mounted noexec, set PHI4HPC_CACHE to a folder on another one') from None


def translation_unit(kernel: Kernel, stream: int) -> str:
    """Return what the compiler is given: the source, and a launcher for each entry point."""
    lines = sources.path_of(kernel).read_text(encoding='utf-8').splitlines()
    names = [line.split('(')[0].split()[-1] for line in lines
             if line.startswith('extern "C" __global__')]
    return sources.included(kernel, stream) + ''.join(f'LAUNCHER({name})\n' for name in names)


def compiler() -> list[str]:
    """Return the words that start the C++ compiler.

    They are those of $CXX, or else the first of g++, clang++ and c++ that is there.
    Raises UserError where there is none.
    """
    said = os.environ.get('CXX', '')
    try:
        chosen = shlex.split(said)
    except ValueError as error:
        raise UserError(f'CXX: {said!r}: {error}; expected the command of a C++ compiler') from None
    names = chosen[:1] or ['g++', 'clang++', 'c++']
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise UserError(f'no C++ compiler ({" or ".join(names)}) found: the host kernels need one; '
                        'install it (apt-get install g++, or module load gcc), or name it in CXX')
    return [path, *chosen[1:]]


@cache
def version(*command: str) -> str:
    """Return what a compiler says of itself."""
    done = subprocess.run([*command, '--version'], capture_output=True, text=True, check=False)
    return done.stdout


def compile_into(path: Path, command: Sequence[str], text: str) -> None:
    """Compile `text` by the words `command`, seal it, and rename it to `path`.

    It is linked apart, without -ffast-math: with it GCC adds code that flushes subnormals to zero
    in the whole process.
    """
    with writable(), tempfile.TemporaryDirectory(dir=path.parent) as folder:
        unit, compiled, linked = (Path(folder, f'unit.{kind}') for kind in ('cpp', 'o', 'so'))
        unit.write_text(text)
        build([*command, '-c', unit, '-o', compiled])
        build([*compiler(), '-shared', compiled, '-o', linked, '-lm'])
        with linked.open('ab') as file:
            file.write(hashlib.sha256(linked.read_bytes()).digest())
        settle(linked, path)


def build(command: Sequence[str | Path]) -> None:
    """Run the compiler. Raises UserError with what it said where it fails."""
    done = subprocess.run([*UNDISTURBED, *command], capture_output=True, text=True, check=False)
    if done.returncode:
        words = ' '.join(map(str, command))
        raise UserError(f'{words} failed on the host kernels:\n{done.stderr[-2000:]}')


def intact(path: Path) -> bool:
    """Return whether a cached file is there and whole; to load a truncated one ends the process."""
    content = path.read_bytes() if path.exists() else b''
    return hashlib.sha256(content[:-SEAL]).digest() == content[-SEAL:]


@contextlib.contextmanager
def writable() -> Iterator[None]:
    """A block that writes to the cache: where the system refuses, a UserError says what to do."""
    try:
        yield
    except (OSError, RuntimeError) as error:                  # a RuntimeError: there is no home
        raise UserError(f'compiled kernels cannot be kept ({error}); '
                        'set PHI4HPC_CACHE to a folder that can be written and has room') from None


def cache_folder() -> Path:
    """Return the folder of compiled kernels, made where it is missing."""
    with writable():
        folder = Path(os.environ.get('PHI4HPC_CACHE') or
                      Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache', 'phi4hpc'))
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def cpu() -> str:
    """Return a name for the kind of CPU that -march=native means here."""
    lines = Path('/proc/cpuinfo').read_text().splitlines() if Path('/proc/cpuinfo').exists() else []
    facts = sorted({line for line in lines
                    if line.startswith(('model name', 'flags', 'Features', 'CPU part'))})
    return hashlib.sha256('\n'.join(facts).encode()).hexdigest()
