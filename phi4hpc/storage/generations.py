"""Generations of a checkpoint: folders 000001, 000002, ... of files that all ranks write, the last few of them kept.

A generation is made under a temporary name and takes its own once its files and, last, the manifest with their
checksums are on the disk. The newest whose checksums hold is the one to go on from; so a kill at any moment, a
truncated file or a flipped bit costs the time since the generation before.
"""

import errno
import hashlib
import json
import shutil
from pathlib import Path

from phi4hpc.errors import UserError
from phi4hpc.files import checksum, settle, sync, write_json
from phi4hpc.logs import log
from phi4hpc.parallel.world import together

VERSION = 3                       # 3: which way a replica goes is kept by chain; 2: training counts steps of an epoch
MANIFEST = 'manifest.json'


def write(comm, folder, keep, fill):
    """Add a generation to `folder` and remove all but the newest `keep`. Collective.

    `fill(path)` writes this rank's files into the folder `path` and returns their names, which differ between ranks.
    """
    new = comm.bcast(begin(Path(folder)) if comm.rank == 0 else None)
    names = fill(new)
    for name in names:
        sync(new / name)
    checksums = comm.gather({name: checksum(new / name) for name in names})
    if comm.rank == 0:
        files = {name: value for part in checksums for name, value in part.items()}
        write_json(new / MANIFEST, {'version': VERSION, 'files': files, 'checksum': of_manifest(VERSION, files)})
        settle(new, new.with_suffix(''))
        for old in generations(folder)[keep:]:
            shutil.rmtree(old.rename(old.with_suffix('.new')))    # no generation from here on, whenever we are killed
    comm.Barrier()


def begin(folder):
    """Return the folder to write the next generation to, after clearing away what a killed run left."""
    folder.mkdir(exist_ok=True)
    for left in folder.glob('*.new'):
        shutil.rmtree(left)
    last = max((int(path.name) for path in generations(folder)), default=0)
    new = folder / f'{last + 1:06d}.new'
    new.mkdir()
    return new


def generations(folder):
    """Return the folders of generations, the newest first."""
    return sorted((path for path in Path(folder).glob('[0-9]*') if path.name.isdecimal()), reverse=True)


def newest(comm, folder):
    """Return the folder of the newest generation that is whole, None where there is none. Collective.

    One that is not is named in the log. Raises UserError at one of another version.
    """
    found = comm.bcast(generations(folder) if comm.rank == 0 else None)
    for path in found:
        with together(comm):
            files, fault = read_manifest(path)
        own = sorted(files)[comm.rank::comm.size]
        faults = comm.allgather(fault or next(filter(None, (fault_of(path / name, files[name]) for name in own)), None))
        fault = next(filter(None, faults), None)
        if fault is None:
            return path
        log.warning('the checkpoint %s is damaged (%s): going back to the one before', path, fault)
    if found:
        log.warning('no checkpoint before these: beginning anew')
    return None


def read_manifest(path):
    """Return ({file: checksum}, fault or None) of a generation. Raises UserError where its version is another."""
    try:
        manifest = json.loads((path / MANIFEST).read_text())
        version, files = manifest['version'], manifest['files']
        if manifest['checksum'] != of_manifest(version, files):
            return {}, f'{MANIFEST}: its checksum does not hold'
    except (OSError, ValueError, LookupError, TypeError):
        return {}, f'{MANIFEST}: missing or unreadable'
    if version != VERSION:
        raise UserError(f'{path}: a checkpoint of version {version}, and this phi4hpc reads {VERSION}; '
                        'use the one that wrote it, or begin anew with --restart')
    return files, None


def fault_of(path, expected):
    """Return what is wrong with a file, None where its checksum is the expected one."""
    try:
        return None if checksum(path) == expected else f'{path.name}: its checksum does not hold'
    except OSError as error:
        return f'{path.name}: {"missing" if error.errno == errno.ENOENT else error.strerror}'


def of_manifest(version, files):
    """Return the checksum of what a manifest says."""
    return hashlib.sha256(json.dumps([version, files], sort_keys=True).encode()).hexdigest()
