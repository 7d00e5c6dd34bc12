"""`phi4hpc verify DIR`: whether all that a run wrote is still what was written."""

from collections.abc import Iterator
from pathlib import Path

from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.rundirectory import ledger, resolved
from phi4hpc.stages.table import STAGES
from phi4hpc.storage import generations
from phi4hpc.storage.checksums import damaged
from phi4hpc.storage.reader import Ensembles


def main(path: Path) -> None:
    """Print that the run directory `path` is sound.

    Raises UserError that names all damage, a line each.
    """
    meaning = resolved.read(path)
    faults = [*in_draws(path), *in_checkpoints(path), *in_stages(path, meaning), *in_notes(path)]
    if faults:
        raise UserError('\n'.join([f'{path}: {len(faults)} damaged', *faults]))
    print(f'{path}: every checksum holds')


def in_stages(path: Path, meaning: dict) -> Iterator[str]:
    """Yield a line for every complete stage that was done for another deck than that of the file,
    and for every file that is not as its stage left it.
    """
    try:
        records = ledger.records(path)
    except UserError as error:
        yield str(error)
        return
    for stage in STAGES:
        if record := records.get(stage.name):
            if record.digest != ledger.digest_of(stage, meaning):
                yield f'{resolved.FILE}: not the deck for which the stage {stage.name} was done'
            yield from ledger.faults(path, stage.name, record)


def in_draws(path: Path) -> Iterator[str]:
    """Yield a line for every damaged draw, or one that says why the draws cannot be read."""
    try:
        with Ensembles(path / 'ensembles.h5') as ensembles:
            for L in ensembles.sizes:
                for kappa, chain, draw in damaged(ensembles[L]):
                    yield f'ensembles.h5: L = {L}, kappa = {kappa:g}, chain {chain}, draw {draw}'
    except UserError as error:
        yield str(error)


def in_checkpoints(path: Path) -> Iterator[str]:
    """Yield a line for every file of a checkpoint whose checksum does not hold."""
    for folder in (path / 'checkpoint', *(path / 'models').glob('*.ckpt')):
        for generation in generations.folders(folder):
            files, fault = generations.read_manifest(generation)
            found = [fault, *(generations.fault_of(generation / name, expected)
                              for name, expected in files.items())]
            if generation.exists():                 # a run that is at work removes old ones
                yield from (f'{generation.relative_to(path)}/{each}' for each in found if each)


def in_notes(path: Path) -> Iterator[str]:
    """Yield a line for every JSON file of no stage that cannot be understood."""
    for name in ('timings.json', 'logs/progress.json'):
        try:
            read_json(path / name)
        except UserError as error:
            yield str(error)
