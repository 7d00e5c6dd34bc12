"""NVRTC from the wheel nvidia-cuda-nvrtc: machine code for GPUs on a machine that has none."""

import ctypes
import sysconfig
from pathlib import Path


def library():
    """Return NVRTC as a ctypes library, loaded together with its builtins."""
    folders = sorted(Path(sysconfig.get_paths()['purelib'], 'nvidia').glob('*/lib'))
    compilers = [path for folder in folders for path in folder.glob('libnvrtc.so.*')]
    for path in compilers[-1].parent.glob('libnvrtc-builtins.so.*'):
        ctypes.CDLL(str(path))
    return ctypes.CDLL(str(compilers[-1]))


def cubin(source, architecture, options):
    """Return the machine code of CUDA C `source` for sm_<architecture>.

    A RuntimeError holds the compiler's log.
    """
    nvrtc, program = library(), ctypes.c_void_p()
    options = [f'-arch=sm_{architecture}'.encode(), *(o.encode() for o in options)]
    nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b'unit.cu', 0, None, None)
    failed = nvrtc.nvrtcCompileProgram(program, len(options),
                                       (ctypes.c_char_p * len(options))(*options))
    if failed:
        raise RuntimeError(output(nvrtc, 'ProgramLog', program).decode())
    return output(nvrtc, 'CUBIN', program)


def output(nvrtc, what, program):
    """Return one of the byte strings that NVRTC makes of a program."""
    size = ctypes.c_size_t()
    getattr(nvrtc, f'nvrtcGet{what}Size')(program, ctypes.byref(size))
    buffer = ctypes.create_string_buffer(size.value)
    getattr(nvrtc, f'nvrtcGet{what}')(program, buffer)
    return buffer.raw
