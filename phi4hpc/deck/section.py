"""What sections of the deck are made of: the class that all inherit, and types that many use.

A plug-in that has settings of its own declares them as a Section, and the deck judges them like its
own keys.
"""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Section(BaseModel):
    """A block of the deck: unknown keys are refused, and nothing changes after it is read."""

    model_config = ConfigDict(extra='forbid', frozen=True, strict=True, allow_inf_nan=False,
                              use_attribute_docstrings=True, serialize_by_alias=True)


def whole(value: object) -> object:
    """Return 1e4 or 3.0 as the whole number that it is; anything else as it came."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value


MOST = 10**9
"""Of anything that a deck counts: products of counts have bounds of their own, in bounds.py."""
Count = Annotated[int, Field(ge=1, le=MOST), BeforeValidator(whole)]
