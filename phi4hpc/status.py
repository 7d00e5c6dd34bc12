"""`phi4hpc status DIR`: how far each stage of a run is, by what it has left, also meanwhile."""

import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from phi4hpc.blockspin.models import with_controls
from phi4hpc.deck.load import load
from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.logs import counted, in_words
from phi4hpc.rundirectory import ledger, resolved
from phi4hpc.rundirectory.lock import holder
from phi4hpc.rundirectory.stage import Stage
from phi4hpc.stages.table import STAGES


def main(path: str | Path) -> None:
    """Print a line on who is at work in the run directory `path`, and one on each stage."""
    print(*lines(Path(path)), sep='\n')


def watch(path: str | Path, every: float = 2.0) -> None:
    """Print the lines anew every few seconds until nobody is at work in the run directory.

    In a terminal they take the place of those before; elsewhere, those that changed follow them.
    """
    shown: list[str] = []
    while True:
        # Who is at work is asked first, so that what is shown last is how the run ended.
        owner = holder(Path(path))
        found = list(lines(Path(path)))
        if sys.stdout.isatty():
            width, height = shutil.get_terminal_size()
            found = [line[:width - 1] for line in found[:height - 1]]
            back = f'\x1b[{len(shown)}A\x1b[J' if shown else ''
            print(back + '\n'.join(found), flush=True)
        else:
            print(*(f'{line}\n' for line in found if line not in shown), sep='', end='', flush=True)
        if not owner:
            return
        shown = found
        time.sleep(every)


def lines(path: Path) -> Iterator[str]:
    """Yield the lines. Raises UserError where `path` is no run directory."""
    deck, owner, records = resolved.read(path), holder(path), ledger.records(path)
    note = read_json(path / 'logs' / 'progress.json')
    yield f'{path}: in use by {owner}' if owner else f'{path}: nobody is at work'
    for stage in STAGES:
        yield f'  {stage.name:<9}{state(path, stage, deck, records.get(stage.name), note, owner)}'


def state(path: Path, stage: Stage, deck: dict, record: ledger.Record | None,
          note: dict[str, Any], owner: str | None) -> str:
    """Return in words how far a stage is."""
    if record:
        ranks = counted(record.ranks, 'rank')
        return f'done {record.finished}, in {record.seconds:.1f} s on {ranks} ({record.device})'
    if stage.needs and not deck.get(stage.needs):
        return 'not in the deck'
    if note.get('stage') != stage.name:
        begun = any((path / name).exists() for name in stage.leaves)
        return 'begun, and not complete' if begun else 'not begun'
    return f'{"" if owner else "stopped at "}{progress(path, note)}'


def progress(path: Path, note: dict[str, Any]) -> str:
    """Return in words how far the stage at work is, by the note that it leaves."""
    try:
        said = in_words(**{key: note[key] for key in ('what', 'done', 'total', 'rate')})
    except (LookupError, TypeError, ValueError, ArithmeticError):
        return 'somewhere: logs/progress.json is damaged'
    return f'{said}; {models_done(path)} models are done' if note['stage'] == 'train' else said


def models_done(path: Path) -> str:
    """Return how many models are done, and where the deck can still be read, of how many."""
    done = len(list((path / 'models').glob('*.json')))
    try:
        return f'{done} of {len(with_controls(load(path / resolved.FILE).deck))}'
    except UserError:
        return str(done)
