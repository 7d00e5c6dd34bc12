"""Generations of a checkpoint: folders 000001, 000002, ... of files that all ranks write.

A generation is made under a temporary name. It takes its own once its files and, last, the manifest
with their checksums are on the disk. The newest whose checksums hold is the one to resume from. So
a kill at any moment, a truncated file or a flipped bit costs the time since the generation before.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from phi4hpc.errors import UserError
from phi4hpc.files import checksum, settle, sync, write_json
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.together import together

VERSION = 3
"""3: which way a replica goes is kept by chain. 2: training counts the steps of an epoch."""
MANIFEST = 'manifest.json'


def add(comm: Communicator, folder: str | os.PathLike, keep: int,
        fill: Callable[[Path], Sequence[str]]) -> None:
    """Add a generation to `folder` and remove all but the newest `keep`. Collective.

    `fill(path)` writes this rank's files into the folder `path` and returns their names, which
    differ between ranks.
    """
    new = comm.bcast(_begin(Path(folder)) if comm.rank == 0 else None)
    names = fill(new)
    for name in names:
        sync(new / name)
    checksums = comm.gather({name: checksum(new / name) for name in names})
    if checksums is not None:
        files = {name: value for part in checksums for name, value in part.items()}
        write_json(new / MANIFEST, {'version': VERSION, 'files': files,
                                    'checksum': manifest_checksum(VERSION, files)})
        settle(new, new.with_suffix(''))
        for old in folders(folder)[keep:]:
            # Once renamed it is no generation any more, should a kill come meanwhile.
            shutil.rmtree(old.rename(old.with_suffix('.new')))
    comm.Barrier()


def _begin(folder: Path) -> Path:
    """Return the folder to write the next generation to, and remove what a killed run left."""
    folder.mkdir(exist_ok=True)
    for left in folder.glob('*.new'):
        shutil.rmtree(left)
    last = max((int(path.name) for path in folders(folder)), default=0)
    new = folder / f'{last + 1:06d}.new'
    new.mkdir()
    return new


def folders(folder: str | os.PathLike) -> list[Path]:
    """Return the folders of the generations in `folder`, the newest first."""
    found = (path for path in Path(folder).glob('[0-9]*') if path.name.isdecimal())
    return sorted(found, reverse=True)


def newest(comm: Communicator, folder: str | os.PathLike) -> Path | None:
    """Return the newest generation without damage, None where there is none. Collective.

    The log names those that are damaged. Raises UserError at one of another version.
    """
    found = comm.bcast(folders(folder) if comm.rank == 0 else None)
    for path in found:
        fault = _first_fault(comm, path)
        if fault is None:
            return path
        log.warning('the checkpoint %s is damaged (%s): going back to the one before', path, fault)
    if found:
        log.warning('no checkpoint before these: beginning anew')
    return None


def _first_fault(comm: Communicator, path: Path) -> str | None:
    """Return what is wrong with a generation, None where nothing is; ranks share the files out."""
    with together(comm):
        files, fault = read_manifest(path)
    own = sorted(files)[comm.rank::comm.size]
    own_faults = (fault_of(path / name, files[name]) for name in own)
    faults = comm.allgather(fault or next(filter(None, own_faults), None))
    return next(filter(None, faults), None)


def read_manifest(path: Path) -> tuple[dict[str, str], str | None]:
    """Return ({file: checksum}, fault or None) of a generation.

    Raises UserError where its version is another.
    """
    try:
        manifest = json.loads((path / MANIFEST).read_text())
        version, files = manifest['version'], manifest['files']
        if manifest['checksum'] != manifest_checksum(version, files):
            return {}, f'{MANIFEST}: its checksum does not hold'
    except (OSError, ValueError, LookupError, TypeError):
        return {}, f'{MANIFEST}: missing or unreadable'
    if version != VERSION:
        raise UserError(f'{path}: a checkpoint of version {version}, and this phi4hpc reads '
                        f'{VERSION}; use the one that wrote it, or begin anew with --restart')
    return files, None


def fault_of(path: Path, expected: str) -> str | None:
    """Return what is wrong with a file, None where its checksum is the expected one."""
    try:
        holds = checksum(path) == expected
    except OSError as error:
        return f'{path.name}: {"missing" if error.errno == errno.ENOENT else error.strerror}'
    return None if holds else f'{path.name}: its checksum does not hold'


def manifest_checksum(version: int, files: Mapping[str, str]) -> str:
    """Return the checksum of what a manifest says."""
    return hashlib.sha256(json.dumps([version, files], sort_keys=True).encode()).hexdigest()
