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
        fault = f'holds no {FILE}' if Path(folder).is_dir() else 'no such folder'
        inside = Path('runs', folder)
        example = inside if (inside / FILE).exists() else 'runs/quickstart'
        raise UserError(f'{folder}: {fault}: expected the directory of a run, such as {example}')
    try:
        meaning = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (yaml.YAMLError, ValueError, RecursionError, IsADirectoryError):
        meaning = None
    if not isinstance(meaning, dict):
        raise UserError(f'{path}: damaged, so what made the directory is not known; run the same '
                        'deck, which a stage that is complete knows again, or begin anew with '
                        '`phi4hpc run --restart`')
    return meaning
