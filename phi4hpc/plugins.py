"""Plug-ins: folders of the package in which one thing is one file, found by its name.

A deck says `dense` for the file dense.py of such a folder, and `mygroup.nets` for a module of the
user, which Python must be able to import: the folder of the deck and the one in which the command
is started are looked into as well.
"""

import importlib
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from phi4hpc.errors import UserError


@cache
def names(package: str) -> tuple[str, ...]:
    """Return the names of the files in a folder of plug-ins, such as phi4hpc.blockspin.families.

    It imports none of them.
    """
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else ()
    files = (path for folder in folders or () for path in Path(folder).glob('[a-z]*.py'))
    return tuple(sorted(path.stem for path in files))


def findable(name: str) -> bool:
    """Return whether a user's module, named by a dotted path, is there; does not import it."""
    try:
        return '.' in name and find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def load(package: str, name: str) -> ModuleType:
    """Return the module of the plug-in `name`: of the folder `package`, or of the user by a dot.

    Raises UserError where there is no such module, or where it cannot be imported.
    """
    own = '.' in name
    if not own and name not in names(package):
        raise UserError(f'{name}: expected one of {", ".join(names(package))}, or the dotted path '
                        'of a module of yours')
    path = name if own else f'{package}.{name}'
    try:
        return importlib.import_module(path)
    except Exception as error:
        if not own:
            raise
        raise UserError(f'{name}: cannot be imported ({type(error).__name__}: {error}); '
                        'expected a module of yours, in the folder of the deck or on '
                        'PYTHONPATH') from error


def look_into(*folders: str | Path) -> None:
    """Let plug-ins of the user be imported from these folders too, after those Python knows."""
    for folder in map(str, folders):
        if folder not in sys.path:
            sys.path.append(folder)
