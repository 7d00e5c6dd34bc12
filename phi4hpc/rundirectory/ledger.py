"""The ledger stages.json: which stages are complete, for which deck, and what their files are like.

A stage is done for the sections of the deck that it depends on, known by their digest.
"""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from phi4hpc.errors import UserError
from phi4hpc.files import checksum, read_json, write_json
from phi4hpc.rundirectory.comparison import digest
from phi4hpc.rundirectory.stage import Stage

FILE = 'stages.json'


class Record(BaseModel):
    """What is known of a stage that is complete; `files`: the SHA-256 of each file that it left."""

    digest: str
    finished: str
    seconds: float
    ranks: int
    device: str
    files: dict[str, str]


def records(folder: Path) -> dict[str, Record]:
    """Return {stage: Record} of the run directory `folder`.

    Raises UserError where the file is damaged.
    """
    path = folder / FILE
    try:
        return {stage: Record.model_validate(said) for stage, said in read_json(path).items()}
    except ValidationError as error:
        fault = error.errors()[0]
        where = '.'.join(map(str, fault['loc']))
        raise UserError(f'{path}: damaged ({where}: {fault["msg"].lower()}); remove it, and the '
                        'stages that it lists are done again') from None


def forget(folder: Path, stages: Iterable[str]) -> None:
    """Forget that some stages were done."""
    if (folder / FILE).exists():
        _write(folder, {stage: record for stage, record in records(folder).items()
                        if stage not in set(stages)})


def enter(folder: Path, stage: Stage, asked: str, seconds: float, ranks: int, device: str) -> None:
    """Record that a stage is complete, and how long it took in timings.json as well.

    `asked` is the digest of what the deck says to it.
    """
    record = Record(digest=asked, finished=time.strftime('%Y-%m-%d %H:%M:%S'),
                    seconds=round(seconds, 3), ranks=ranks, device=device,
                    files={name: checksum(folder / name) for name in _sealed(folder, stage)})
    complete = records(folder) | {stage.name: record}
    _write(folder, complete)
    write_json(folder / 'timings.json', {name: {'seconds': record.seconds, 'ranks': record.ranks}
                                         for name, record in complete.items()})


def digest_of(stage: Stage, meaning: dict[str, Any]) -> str:
    """Return the digest of what a deck, as plain values, says to a stage."""
    return digest({section: meaning.get(section) for section in stage.depends})


def is_done(folder: Path, stage: Stage, asked: str) -> bool:
    """Return whether a stage is complete for the deck of that digest, and all that it left there.
    """
    record = records(folder).get(stage.name)
    if record is None or record.digest != asked:
        return False
    return all((folder / name).exists() for name in (*stage.leaves, *record.files))


def faults(folder: Path, stage: str, record: Record) -> Iterator[str]:
    """Yield in words which files of a complete stage are missing or not as the stage left them."""
    for name, expected in record.files.items():
        try:
            if not (folder / name).exists():
                yield f'{name}: missing, though the stage {stage} is done'
            elif checksum(folder / name) != expected:
                yield f'{name}: not as the stage {stage} left it'
        except OSError as error:
            yield f'{name}: cannot be read ({error.strerror}), though the stage {stage} is done'


def _write(folder: Path, complete: dict[str, Record]) -> None:
    write_json(folder / FILE, {stage: record.model_dump() for stage, record in complete.items()})


def _sealed(folder: Path, stage: Stage) -> Iterator[str]:
    """Yield the names of the files that a stage made and that nothing may change from now on."""
    for target in (folder / name for name in stage.makes if not stage.own_checksums):
        for path in sorted(target.rglob('*')) if target.is_dir() else [target]:
            name = path.relative_to(folder)
            if path.is_file() and name.parts[0] != 'logs':
                yield str(name)
