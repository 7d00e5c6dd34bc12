"""The one change of a deck that needs no leave: sampling goes on to another number of draws."""

from pathlib import Path

from phi4hpc.errors import UserError


def with_draws_of(old: dict, new: dict) -> tuple[dict, int]:
    """Return the deck `old` with the number of draws of `new`, and the number that it had.

    That number is 0 where both ask for the same, or `old` does not say.
    """
    there, here = ((deck.get('sample') or {}).get('draws', 0) for deck in (old, new))
    if there == here or not there:
        return old, 0
    return old | {'sample': old['sample'] | {'draws': here}}, there


def too_many(path: Path, there: int, wanted: int) -> UserError:
    """Return the UserError that says that draws are there which would be lost."""
    return UserError(f'{path}: holds {there} draws, more than sample.draws={wanted}; keep them '
                     f'with sample.draws={there}, name another directory with --out, or begin '
                     'anew with --restart')
