"""What poor data do not give is left out with a line in the log, and does not end the stage.

Ranks other than 0 are silent, and many rungs may lack the same. So every rank collects lines while
ranks work apart, and rank 0 says each of them once.
"""

import contextlib
import math
from collections.abc import Iterator
from typing import Any

from phi4hpc.errors import UserError
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator

lines: list[str] = []
"""What this rank has left out since the last `announce`."""
subjects: list[str] = []
"""What this rank is at work on, such as a lattice and a rung of it."""


class Missing(Exception):
    """What is wanted cannot be made of what is there; the text says why, in words for the log."""


@contextlib.contextmanager
def about(subject: str) -> Iterator[None]:
    """A block in which `subject` stands before everything that is noted."""
    subjects.append(subject)
    try:
        yield
    finally:
        subjects.pop()


def note(what: str, why: object) -> None:
    """Note that `what` is left out, and why."""
    line = f'{": ".join([*subjects, what])}: left out: {why}'
    if line not in lines:
        lines.append(line)


@contextlib.contextmanager
def left_out(what: str) -> Iterator[None]:
    """A block that may fail on poor data, which costs `what` and nothing else.

    Errors of the user and of the system, such as a full disk, end it as ever. For blocks without
    collective calls, since a rank that fails in one leaves the others waiting.
    """
    try:
        yield
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        note(what, reason(error))


def reason(error: Exception) -> str:
    """Return in one line why something is left out.

    That is what the error says. Where it was not written for users, its kind stands before it.
    """
    said = ' '.join(str(error).split())
    return said if isinstance(error, Missing) else f'{type(error).__name__}: {said}'


def finite(found: dict[str, Any]) -> dict[str, Any]:
    """Return plain values with None for every number that is not finite, and note what lacks it.

    An estimate {'value', 'error', ...} that holds such a number is None as a whole.
    """
    if lost := [name for name, value in found.items() if not is_finite(value)]:
        note(', '.join(lost), 'not a finite number')
    return {name: value if is_finite(value) else defined(value) for name, value in found.items()}


def is_finite(value: Any) -> bool:
    """Return whether all numbers in plain values are finite."""
    if isinstance(value, dict | list | tuple):
        return all(map(is_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def defined(value: Any) -> Any:
    """Return a plain value with None in place of numbers, or estimates, that are not finite."""
    if isinstance(value, dict):
        numbers = [part for part in value.values() if not isinstance(part, dict | list | tuple)]
        return {key: defined(part) for key, part in value.items()} if is_finite(numbers) else None
    if isinstance(value, list | tuple):
        return [defined(part) for part in value]
    return value if is_finite(value) else None


def announce(comm: Communicator) -> None:
    """Have rank 0 say in the log what any rank has left out since the last time. Collective."""
    everyone = comm.gather(lines) or []
    for line in dict.fromkeys(line for said in everyone for line in said):
        log.warning('%s', line)
    lines.clear()
