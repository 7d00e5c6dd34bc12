"""What a process takes over from whoever started it, settled once, before any library is imported.

A batch job inherits the shell of its owner: settings of plots and debuggers that were meant for
other programs, warnings turned into errors, streams that are closed. A run depends on its deck and
not on any of that. What describes the machine, such as NCCL_*, stays as it is.
"""

import os
import sys
import warnings

CHOSEN = {
    # Figures go to files; another backend may not be there.
    'MPLBACKEND': 'agg',
    # Parallel file systems lack locks, and one program writes a run.
    'HDF5_USE_FILE_LOCKING': 'FALSE',
}
THREADS = ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS')
KEPT = (*THREADS, 'MPLCONFIGDIR', 'TORCH_NCCL_')
DROPPED = (
    'ABSL_', 'AOT', 'ATEN_', 'COMPILE_STROBELIGHT', 'DDP_', 'DNNL_', 'FX_', 'GOMP_', 'GRPC_', 'H5_',
    'HDF5_', 'INDUCTOR', 'KMP_', 'MATPLOTLIB', 'MKL', 'MPL', 'MPMATH', 'NPY_', 'NUMEXPR_', 'NUMPY_',
    'OMP_', 'ONEDNN_', 'PANDAS_', 'PARTITIONER_', 'PILLOW_', 'PROTOCOL_BUFFERS_', 'PT2_',
    'PYDANTIC_', 'PYPARSING', 'PYTORCH_JIT', 'SCIPY_', 'SYMPY', 'TORCH', 'TQDM_')
"""Beginnings of variables that libraries read when they are loaded, where some fail or hang."""


def settle() -> None:
    """Open streams that are closed, drop what is for other programs, choose what is needed."""
    _streams()
    _variables()
    _warnings()
    _folder()
    # A run must be able to read again what it writes.
    os.umask(os.umask(0o077) & 0o077)


def _streams():
    """Open closed streams to nowhere, and show with backslashes what a stream cannot encode.

    The next file that is opened would get the number of a closed stream, and what is printed.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    for name, mode in ('stdin', 'r'), ('stdout', 'w'), ('stderr', 'w'):
        if getattr(sys, name) is None:
            # It is open as long as the process.
            setattr(sys, name, open(os.devnull, mode))             # noqa: SIM115
    for stream in sys.stdout, sys.stderr:
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')


def _variables():
    for name in [name for name in os.environ
                 if name.startswith(DROPPED) and not name.startswith(KEPT)]:
        del os.environ[name]
    os.environ.update(CHOSEN)
    if not _takes_files(os.environ.get('MPLCONFIGDIR', '')):
        # matplotlib then keeps its fonts at home.
        os.environ.pop('MPLCONFIGDIR', None)
    for name in THREADS:
        # A rank is a core: more threads make a step slower, not faster, where nobody asks for them.
        if not _counts(os.environ.get(name, '')):
            os.environ[name] = '1'
    # Files say who made them; where a user has no name, the number does.
    if not any(os.environ.get(name) for name in ('LOGNAME', 'USER', 'LNAME', 'USERNAME')):
        os.environ['LOGNAME'] = str(os.getuid())


def _takes_files(folder):
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _counts(words):
    return all(word.strip().isdecimal() and int(word) > 0 for word in words.split(','))


def _folder():
    """Go to the topmost folder where the current one is gone: libraries ask for its path."""
    try:
        os.getcwd()
    except OSError:
        os.chdir('/')


def _warnings():
    """Have warnings as Python has them, where the caller turned them into errors."""
    if sys.warnoptions:
        warnings.resetwarnings()
        for category in (DeprecationWarning, PendingDeprecationWarning, ImportWarning,
                         ResourceWarning):
            warnings.simplefilter('ignore', category)
