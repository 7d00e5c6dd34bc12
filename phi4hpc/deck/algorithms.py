"""The algorithms that a recipe names: files of phi4hpc/sampling/algorithms/, or modules of the
user's.

The deck is a lower room than they are. It finds them by their files, to know their names, whether
a recipe reaches every field, and their settings.
"""

from functools import cache
from types import ModuleType
from typing import Any

from pydantic_core import PydanticCustomError

from phi4hpc import plugins
from phi4hpc.errors import UserError

FOLDER = 'phi4hpc.sampling.algorithms'
NEEDED = ('ERGODIC', 'visits', 'launch')


@cache
def algorithm(name: str) -> ModuleType:
    """Return the module of an algorithm. Raises UserError where there is none, or what it has is
    no algorithm."""
    module = plugins.load(FOLDER, name)
    if missing := [needed for needed in NEEDED if not hasattr(module, needed)]:
        raise UserError(f'{name}: expected a module with {", ".join(NEEDED)}; it has no '
                        f'{" and no ".join(missing)}')
    return module


def known(name: str) -> str:
    """Return the name of an algorithm. Raises PydanticCustomError where there is none, or where it
    is none."""
    try:
        algorithm(name)
    except UserError as error:
        said = str(error).removeprefix(f'{name}: ')
        raise PydanticCustomError('plugin', '{said}', {'said': said}) from None
    return name


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a name."""
    return {'type': 'string', 'anyOf': [{'enum': list(names())}, {'pattern': r'\.'}]}


def names() -> tuple[str, ...]:
    """Return the names of our own."""
    return plugins.names(FOLDER)


def ergodic() -> list[str]:
    """Return those of our own that reach every field by themselves."""
    return [name for name in names() if algorithm(name).ERGODIC]


def settings() -> dict[str, Any]:
    """Return {name: its Section} of our own that have settings in the deck."""
    return {name: algorithm(name).SETTINGS for name in names()
            if hasattr(algorithm(name), 'SETTINGS')}


def recipe(sample: Any) -> list[tuple[str, int]]:
    """Return (algorithm, sweeps) of a step, in order, by the deck's section sample."""
    return [item for entry in sample.recipe for item in entry.items()]


def tuned(sample: Any) -> list[str]:
    """Return the algorithms whose step sizes ensembles.h5 keeps: our own, and what else the recipe
    names."""
    everyone = dict.fromkeys([*names(), *dict(recipe(sample))])
    return [name for name in everyone if hasattr(algorithm(name), 'step_size')]
