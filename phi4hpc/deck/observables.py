"""Observables as the deck names them: files of lattice/observables/, or a user's own modules."""

from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from phi4hpc import plugins
from phi4hpc.deck.plugged import DOTTED
from phi4hpc.errors import UserError

FOLDER = 'phi4hpc.lattice.observables'


def known(name: str) -> str:
    """Return the name of an observable. Raises PydanticCustomError where it is none.

    A module of the user's is imported for that; of ours it is enough that there is the file.
    """
    ours = plugins.names(FOLDER)
    if name in ours:
        return name
    if '.' not in name:
        near = get_close_matches(name, ours, n=1)
        raise _fault(f'{name} is no observable: ' + (
            f'did you mean {near[0]}?' if near else f'expected one of {", ".join(ours)}, or the '
            'dotted path of a module of yours'))
    from phi4hpc.lattice.observable import load

    try:
        load(name)
    except UserError as error:
        raise _fault(str(error)) from None
    return name


def _fault(said: str) -> PydanticCustomError:
    return PydanticCustomError('plugin', '{said}', {'said': said})


def _schema() -> dict[str, Any]:
    return {'type': 'string', 'anyOf': [{'enum': list(plugins.names(FOLDER))}, {'pattern': DOTTED}]}


Name = Annotated[str, AfterValidator(known), WithJsonSchema(_schema())]
