"""The file deck.resolved.yaml, all that the deck says: by it a directory is known as a run's."""

from pathlib import Path

import yaml

from phi4hpc.errors import UserError
from phi4hpc.files import write_text

FILE = 'deck.resolved.yaml'


def write(folder: Path, meaning: dict) -> None:
    """Write the deck `meaning`, plain values, into the run directory `folder`."""
    text = yaml.safe_dump(meaning, sort_keys=False, default_flow_style=None, width=110)
    write_text(folder / FILE, text)


def read(folder: Path) -> dict:
    """Return the deck of the run directory `folder` as plain values.

    Raises UserError where `folder` is no run directory, or the file is damaged.
    """
    path = Path(folder) / FILE
    if not path.exists():
        raise UserError(f'{folder}: holds no {FILE}: expected the directory of a run, such as '
                        'runs/quickstart')
    try:
        meaning = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, ValueError, RecursionError, IsADirectoryError):
        meaning = None
    if not isinstance(meaning, dict):
        raise UserError(f'{path}: damaged, so what made the directory is not known; begin anew '
                        'with --restart')
    return meaning
