"""Means in the format of pyerrors, with their fluctuations: {lattice: {kappa: {name: Obs}}}.

Means of one lattice know what they have in common, at different kappas too.
"""

from functools import partial
from pathlib import Path
from typing import Any

from phi4hpc import __version__, plugins
from phi4hpc.errors import UserError
from phi4hpc.export.selection import Draws
from phi4hpc.lattice import observable
from phi4hpc.statistics.estimates import rung_values
from phi4hpc.statistics.gamma import obs
from phi4hpc.storage.layout import group_name


def write(path: Path, chosen: list[Draws]) -> None:
    """Write the file. Raises UserError where draws are left out, since all make the best means."""
    from pyerrors.input.json import dump_dict_to_json

    if any(draws.draws.step > 1 for draws in chosen):
        raise UserError(f'{path.stem}: means are made from all draws; leave out --every')
    found = {group_name(draws.lattice.L): of_lattice(draws) for draws in chosen}
    description = {'phi4hpc': __version__, 'lambda': chosen[0].lam}
    # pyerrors appends its suffix to a name that has another.
    made = path.with_name(f'{path.name}.json.gz')
    try:
        dump_dict_to_json(found, str(made), description, indent=0)
        made.rename(path)
    finally:
        made.unlink(missing_ok=True)


def of_lattice(draws: Draws) -> dict[str, dict[str, Any]]:
    """Return {kappa: {name: Obs}} of all observables that are defined and need no fields."""
    names = plugins.names(observable.FOLDER)
    known = {name: observable.load(name) for name in names}
    known = {name: each for name, each in known.items() if not each.needs_fields}
    average = partial(obs, ensemble=f'draws of L = {draws.lattice.L}')
    values = ((draws.lattice.kappas[rung], rung_values(draws.lattice, rung, draws.lam, known,
                                                       average)) for rung in draws.rungs)
    return {f'{kappa:.12g}': {name: value for name, value in made.items() if value is not None}
            for kappa, made in values}
