"""A run directory opened from Python: `phi4hpc.open(path)` gives what its stages have left.

Nothing is written, nothing is locked and no MPI is needed, so it works while a run is at work. A
file is read when it is asked for; what is heavy to import, torch above all, is imported then.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phi4hpc.blockspin.models import Model, with_controls
from phi4hpc.deck.load import load
from phi4hpc.deck.schema import Deck
from phi4hpc.errors import UserError
from phi4hpc.files import read_json
from phi4hpc.rundirectory import resolved
from phi4hpc.storage.hdf5 import readable
from phi4hpc.storage.layout import group_name
from phi4hpc.storage.reader import Ensembles, Lattice

if TYPE_CHECKING:
    from pandas import DataFrame
    from pyerrors import Obs
    from xarray import Dataset, DataTree

    from phi4hpc.blockspin.fieldmap import FieldMap


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
        return load(self.path / resolved.FILE).deck

    @property
    def ensembles(self) -> 'dict[int, Dataset]':
        """The draws: {L: xarray.Dataset} of the complete ones, each array read when it is used.

        Ask again for draws that have been made meanwhile.
        """
        path = self._file('ensembles.h5', 'sample')
        with Ensembles(path) as ensembles:
            return Lattices((L, _complete(path, ensembles[L])) for L in ensembles.sizes)

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
        from phi4hpc.lattice import observable
        from phi4hpc.statistics.estimates import rung_values
        from phi4hpc.statistics.gamma import obs

        with Ensembles(self._file('ensembles.h5', 'sample')) as ensembles:
            lattice = ensembles[L]
            average = partial(obs, ensemble=f'draws of L = {L}')
            found = rung_values(lattice, lattice.rung(kappa), self.deck.action.lam,
                                {name: observable.load(name)}, average)
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

    @cached_property
    def models(self) -> 'Models':
        """The trained models by name, as torch modules that map fields: see blockspin.fieldmap."""
        return Models(self.path / 'models', with_controls(self.deck))

    @property
    def latent(self) -> 'DataTree':
        """latent.h5 as an xarray.DataTree, such as latent['L032_k0.269_dense_d61/decoder'].

        Each array is read when it is used.
        """
        return self._tree('latent.h5', 'analyse')

    @property
    def flow(self) -> 'dict[str, DataFrame]':
        """What flow.json says, as docs/data.md describes it: a pandas.DataFrame for each list.

        What is nested has columns such as y_t_value, y_t_error and K_nearest_value.
        """
        from pandas import json_normalize

        found = read_json(self._file('flow.json', 'flow'))
        return {name: json_normalize(entries, sep='_') for name, entries in found.items()}

    @property
    def blocked(self) -> 'DataTree':
        """flow.h5 as an xarray.DataTree, such as blocked['kadanoff/L064_k0.269'].stability.

        Each array is read when it is used.
        """
        return self._tree('flow.h5', 'flow')

    def _tree(self, name: str, stage: str) -> 'DataTree':
        """Return a file of HDF5 that a stage leaves. Raises UserError where it is not there."""
        import xarray

        path = self._file(name, stage)
        readable(path, f'remove it, and run the stage `{stage}` again').close()
        return xarray.open_datatree(path, engine='h5netcdf')

    def _file(self, name: str, stage: str) -> Path:
        """Return the path of a file that a stage leaves. Raises UserError where it is not there."""
        path = self.path / name
        if not path.exists():
            raise UserError(f'{self.path}: no {name} yet; run the stage {stage}')
        return path


class Lattices(dict[int, 'Dataset']):
    """{L: Dataset} of the lattices of a run. Raises UserError for an L that is not among them."""

    def __missing__(self, L: int) -> 'Dataset':
        raise UserError(f'L = {L}: no such lattice; the run has L = {", ".join(map(str, self))}')


class Models(Mapping[str, 'FieldMap']):
    """{name: FieldMap} of the models of a deck; torch is imported when one is asked for.

    Raises UserError for a model that is not trained yet, and for a name that is none of the deck's.
    """

    def __init__(self, folder: Path, known: Iterable[Model]) -> None:
        self.folder, self.known = folder, {model.name: model for model in known}

    def __getitem__(self, name: str) -> 'FieldMap':
        if name not in self.known:
            names = ', '.join(self.known) or 'none, for it has no section train'
            raise UserError(f'{name}: no such model; the deck has {names}')
        path = self.folder / f'{name}.pt'
        if not path.exists():
            raise UserError(f'{path.parent}: no {path.name} yet; run the stage train')

        from phi4hpc.blockspin import modelfile
        from phi4hpc.blockspin.fieldmap import FieldMap

        return FieldMap(modelfile.load(path, self.known[name]))

    def __contains__(self, name: object) -> bool:
        return name in self.known

    def __iter__(self) -> Iterator[str]:
        return iter(self.known)

    def __len__(self) -> int:
        return len(self.known)

    def __repr__(self) -> str:
        return f'<models {", ".join(self.known)}>'


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
