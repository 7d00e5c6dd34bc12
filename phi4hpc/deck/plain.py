"""Looking into a deck of plain data, in which None stands for what is itself at fault or left out.
"""

from collections.abc import Collection, Iterator
from typing import Any

from pydantic import ValidationError

from phi4hpc.deck.places import Path
from phi4hpc.deck.plugged import Entry, Folder
from phi4hpc.deck.section import Section


def pruned(data: Any, bad: Collection[Path], path: Path = ()) -> Any:
    """Return the data with None at each of the paths `bad`."""
    if path in bad:
        return None
    if isinstance(data, dict):
        return {key: pruned(value, bad, (*path, key)) for key, value in data.items()}
    if isinstance(data, list):
        return [pruned(value, bad, (*path, i)) for i, value in enumerate(data)]
    return data


def get(data: Any, *path: str) -> Any:
    """Return what is at a path, None where there is nothing."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data


def items(data: Any, *path: str) -> Iterator[tuple[Path, Any]]:
    """Yield (path of the item, item) of the list at `path`, faulty ones left out."""
    for i, value in enumerate(get(data, *path) or ()):
        if value is not None:
            yield (*path, i), value


def default(section: type[Section], key: str, data: Any) -> Any:
    """Return a key of a section, also where the deck leaves it out; None where it is faulty."""
    return (data or {}).get(key, section.model_fields[key].default)


def sound_entry(said: dict[str, Any], folder: Folder) -> Entry | None:
    """Return the Entry of a plug-in without the settings that are themselves faulty; None where it
    cannot do so.
    """
    (name, settings), = said.items()
    try:
        sound = {key: value for key, value in settings.items() if value is not None}
        return folder.entry({name: sound})
    except (AttributeError, ValidationError):
        return None
