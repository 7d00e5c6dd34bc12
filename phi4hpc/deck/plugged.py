"""Entries of the deck that name a plug-in: `{name: settings}`.

The settings are judged by the class that the plug-in's file declares for them. The deck stands
below the rooms whose plug-ins it names: it finds a plug-in by the folder's name, and takes from its
file that class alone. A user's own module, named by a dotted path, is judged in the same way.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError, core_schema

from phi4hpc import plugins
from phi4hpc.deck.section import Section
from phi4hpc.errors import UserError

KNOWN = get_args(core_schema.ErrorType)
DOTTED = r'^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$'


@dataclass(frozen=True)
class Entry:
    """A plug-in that the deck names, and the settings that the deck gives it."""

    name: str
    settings: Any
    """An instance of the class that the plug-in's file declares, a Section."""


@dataclass(frozen=True)
class Folder:
    """The annotation of an Entry: where its plug-in lies, unless it is the user's own.

    In the deck an entry is a section of one key, the name, and its value are the settings.
    """

    package: str
    kind: str
    """The name of the class of settings in each plug-in's file."""

    def section(self, name: str) -> type[Section]:
        """Return the class of a plug-in's settings.

        Raises UserError where its file declares none, or cannot be imported.
        """
        found = getattr(plugins.load(self.package, name), self.kind, None)
        if not (inspect.isclass(found) and issubclass(found, Section)):
            raise UserError(f'{name}: defines no class {self.kind}: '
                            f'expected a file like those of {self.package}')
        if missing := sorted(getattr(found, '__abstractmethods__', ())):
            raise UserError(f'{name}: its class {self.kind} does not define {", ".join(missing)}')
        return found

    def entry(self, value: Any) -> Entry:
        """Return the Entry of what the deck says.

        Raises ValidationError with the place of each fault in it.
        """
        if isinstance(value, Entry):
            return value
        if not (isinstance(value, dict) and len(value) == 1):
            raise PydanticCustomError('plugin_entry', 'expected one name, with settings')
        (name, settings), = value.items()
        if '.' not in name and name not in plugins.names(self.package):
            raise _at(name, [{'type': 'extra_forbidden', 'loc': (), 'input': settings}])
        try:
            section = self.section(name)
        except UserError as error:
            raise _at(name, [{'type': 'plugin', 'loc': (), 'input': settings,
                              'msg': str(error).removeprefix(f'{name}: ')}]) from None
        try:
            return Entry(name, section.model_validate(settings))
        except ValidationError as error:
            raise _at(name, error.errors(include_url=False)) from None

    def __get_pydantic_core_schema__(self, source: Any,
                                     handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self.entry, serialization=core_schema.plain_serializer_function_ser_schema(plain))

    def __get_pydantic_json_schema__(self, schema: core_schema.CoreSchema,
                                     handler: GetJsonSchemaHandler) -> dict:
        known = {name: handler(self.section(name).__pydantic_core_schema__)
                 for name in plugins.names(self.package)}
        own = {'type': 'object', '$comment': f'{self.package}:{self.kind}'}
        return {'type': 'object', 'minProperties': 1, 'maxProperties': 1, 'properties': known,
                'patternProperties': {DOTTED: own}, 'additionalProperties': False}


def plain(entry: Entry) -> dict[str, dict]:
    """Return an entry as the deck says it, in full."""
    return {entry.name: entry.settings.model_dump(mode='json')}


def user_section(comment: str, name: str) -> type[Section]:
    """Return the settings' class of a user's plug-in, by the `$comment` that the JSON Schema has on
    such.
    """
    return Folder(*comment.split(':')).section(name)


def _at(name: str, errors: Any) -> ValidationError:
    """Return the ValidationError of faults in the settings of `name`, with the name in the path of
    each.
    """
    return ValidationError.from_exception_data(name, list(_placed(name, errors)))


def _placed(name: str, errors: Any) -> Iterator[InitErrorDetails]:
    for error in errors:
        kind, context = error['type'], error.get('ctx', {})
        if kind not in KNOWN:
            kind, context = PydanticCustomError(kind, '{said}', {'said': error['msg']}), {}
        yield InitErrorDetails(type=kind, loc=(name, *error['loc']), input=error['input'],
                               ctx=context)
