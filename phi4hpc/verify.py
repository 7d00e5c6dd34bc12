"""`phi4hpc verify DIR`: whether all that a run wrote is still what was written."""

from collections.abc import Iterator
from pathlib import Path

from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.rundirectory import ledger, resolved
from phi4hpc.storage import generations
from phi4hpc.storage.checksums import damaged
from phi4hpc.storage.reader import Ensembles


def main(path: Path) -> None:
    """Print that the run directory `path` is sound.

    Raises UserError that names all damage, a line each.
    """
    resolved.read(path)
    faults = [*in_draws(path), *in_checkpoints(path), *in_files(path)]
    if faults:
        raise UserError('\n'.join([f'{path}: {len(faults)} damaged', *faults]))
    print(f'{path}: every checksum holds')


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


def in_files(path: Path) -> Iterator[str]:
    """Yield a line for every file that is not as its stage left it, and for every odd JSON file."""
    try:
        for stage, record in ledger.records(path).items():
            yield from ledger.faults(path, stage, record)
        for name in ('timings.json', 'logs/progress.json'):
            read_json(path / name)
    except UserError as error:
        yield str(error)
