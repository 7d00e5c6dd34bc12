"""A run directory opened from Python: `phi4hpc.open(path)` gives what its stages have left.

Nothing is written, nothing is locked and no MPI is needed, so it works while a run is at work. A
file is read when it is asked for; what is heavy to import, torch above all, is imported then.
"""

import os
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.rundirectory import resolved
from phi4hpc.storage.hdf5 import readable
from phi4hpc.storage.layout import group_name
from phi4hpc.storage.reader import Ensembles, Lattice

if TYPE_CHECKING:
    from pyerrors import Obs
    from xarray import Dataset, DataTree


class Run:
    """The run in the directory `path`.

    Whatever is not there yet raises UserError, which names the stage that makes it.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        """Raise UserError where `path` is not the directory of a run."""
        self.path = Path(path)
        resolved.read(self.path)

    def __repr__(self) -> str:
        return f'phi4hpc.open({str(self.path)!r})'

    @cached_property
    def deck(self) -> Deck:
        """The deck with every default and override. Raises DeckError where it has faults."""
        file = self.path / resolved.FILE
        return parse(file.read_text(), str(file)).deck

    @property
    def ensembles(self) -> 'dict[int, Dataset]':
        """The draws: {L: xarray.Dataset} of the complete ones, each array read when it is used.

        Ask again for draws that have been made meanwhile.
        """
        path = self._file('ensembles.h5', 'sample')
        with Ensembles(path) as ensembles:
            return {L: _complete(path, ensembles[L]) for L in ensembles.sizes}

    @cached_property
    def results(self) -> dict[str, Any]:
        """What results.json says, as docs/data.md describes it, with Obs for values with errors.

        `ensembles` is a pandas.DataFrame over (L, kappa), `reweighted`, `tempering` and `proposals`
        are dicts by L. Only the Obs of `transition` know what they have in common with each other.
        """
        from pandas import DataFrame

        from phi4hpc.statistics.quoted import with_obs

        found = with_obs(read_json(self._file('results.json', 'measure')))
        found['ensembles'] = DataFrame(found['ensembles']).set_index(['L', 'kappa'])
        for name in ('reweighted', 'tempering', 'proposals'):
            found[name] = {entry['L']: entry for entry in found[name]}
        if found['transition']:
            found['transition'] |= self._transition()
        return found

    def mean(self, name: str, L: int, kappa: float) -> 'Obs | list[Obs] | None':
        """Return an observable of an ensemble, made from its complete draws, with its error.

        It knows its fluctuations, so that functions of several observables of a lattice get the
        right error. `name` is that of a file in lattice/observables/, or the dotted path of a
        user's; a list of Obs belongs to a propagator and its like. None: it is not defined.
        """
        from phi4hpc.lattice.observable import load
        from phi4hpc.statistics.estimates import rung_values
        from phi4hpc.statistics.gamma import obs

        with Ensembles(self._file('ensembles.h5', 'sample')) as ensembles:
            lattice = ensembles[L]
            average = partial(obs, ensemble=f'draws of L = {L}')
            found = rung_values(lattice, lattice.rung(kappa), self.deck.action.lam,
                                {name: load(name)}, average)
        if name not in found:
            raise UserError(f'{self.path}: L = {L} has {lattice.fields} fields a chain, too few '
                            f'for {name}; keep more by sample.fields')
        estimate_errors(found)
        return found[name]

    def _transition(self) -> dict[str, Any]:
        """Return what transition.json.gz holds, with errors; nothing where it is not there."""
        from pyerrors.input.json import load_json_dict

        path = self.path / 'transition.json.gz'
        found = load_json_dict(str(path), verbose=False) if path.exists() else {}
        estimate_errors(found)
        return found

    @property
    def latent(self) -> 'DataTree':
        """latent.h5 as an xarray.DataTree, such as latent['L032_k0.269_dense_d64/decoder'].

        Each array is read when it is used.
        """
        import xarray

        path = self._file('latent.h5', 'analyse')
        readable(path, 'remove it, and run the stage `analyse` again').close()
        return xarray.open_datatree(path, engine='h5netcdf')

    def _file(self, name: str, stage: str) -> Path:
        """Return the path of a file that a stage leaves. Raises UserError where it is not there."""
        path = self.path / name
        if not path.exists():
            raise UserError(f'{self.path}: no {name} yet; run the stage {stage}')
        return path


def estimate_errors(found: Any) -> None:
    """Estimate the error of every pyerrors.Obs in lists and dicts."""
    if isinstance(found, list | dict):
        for entry in found.values() if isinstance(found, dict) else found:
            estimate_errors(entry)
    elif hasattr(found, 'gamma_method'):
        found.gamma_method()


def _complete(path: Path, lattice: Lattice) -> 'Dataset':
    """Return the complete draws of a lattice, unread."""
    import xarray

    dataset = xarray.open_dataset(path, group=group_name(lattice.L), engine='h5netcdf')
    complete = {'draw': lattice.draws, 'field': lattice.fields}
    return dataset.isel({name: slice(count) for name, count in complete.items()
                         if name in dataset.dims})
