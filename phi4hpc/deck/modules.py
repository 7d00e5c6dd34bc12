"""Modules of the user's, as the deck names them: by dotted paths."""

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from phi4hpc.deck.plugged import DOTTED
from phi4hpc.plugins import findable


def there(name: str) -> str:
    """Return the name of a module. Raises PydanticCustomError where Python finds none.

    It is not imported: a rank that samples has no use for a figure.
    """
    if not (re.match(DOTTED, name) and findable(name)):
        said = (f'{name}: no such module: expected the dotted path of one of yours, such as '
                'mygroup.figure, in the folder of the deck or on PYTHONPATH')
        raise PydanticCustomError('plugin', '{said}', {'said': said})
    return name


Module = Annotated[str, AfterValidator(there),
                   WithJsonSchema({'type': 'string', 'pattern': DOTTED})]
