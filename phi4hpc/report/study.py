"""A run directory as the report reads it: what every stage left, handed to the figures."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from phi4hpc.blockspin.models import with_controls
from phi4hpc.deck.schema import Deck
from phi4hpc.files import read_json
from phi4hpc.report.left import left, reading
from phi4hpc.report.trainings import Entry, Model, pooled
from phi4hpc.statistics.rungs import column as column
from phi4hpc.statistics.rungs import rungs_of
from phi4hpc.storage.hdf5 import readable
from phi4hpc.storage.reader import Ensembles

FLOW = ('levels', 'couplings', 'means', 'exponents')
"""The lists of flow.json, of entries by block spin, lattice, kappa and level or step."""


@dataclass(frozen=True)
class Study:
    """The run in directory `path`, made from `deck`; `results` is what results.json holds."""

    path: Path
    deck: Deck
    results: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, path: str | Path, deck: Deck) -> 'Study':
        """Return the study of a run directory whose stages are complete."""
        return cls(Path(path), deck, left('results.json', read_json(Path(path, 'results.json'))))

    @property
    def sizes(self) -> list[int]:
        """The lattices, smallest first."""
        return self.deck.lattice.sizes

    @property
    def phases(self) -> dict[str, bool]:
        """Which phases the largest lattice is seen in, as statistics.rungs.phases says."""
        return self.results['phases']

    @property
    def reweighted(self) -> list[dict[str, Any]]:
        """The tables of reweighted curves, one for each lattice that has enough draws."""
        return self.results.get('reweighted') or []

    @property
    def transition(self) -> dict[str, Any]:
        """What reweighting says of the transition; every list is empty where it says nothing."""
        nothing: dict[str, Any] = {'levels': [], 'crossings': [], 'peaks': [], 'kappa_c': None,
                                   'exponents': None}
        return nothing | (self.results.get('transition') or {})

    @property
    def kappa_c(self) -> tuple[float, float] | None:
        """kappa_c as the run finds it by finite-size scaling, with its total error; None: it does
        not."""
        found = self.transition['kappa_c']
        return found and (found['value'], math.hypot(found['error'], found['systematic']))

    def entries(self, L: int) -> list[Entry]:
        """Return the entries of one lattice, by ascending kappa."""
        return rungs_of(self.results['ensembles'], L)

    def kappas(self, L: int) -> np.ndarray:
        """Return the rungs of a lattice, smallest first; a tuned ladder has others for each."""
        return np.array([entry['kappa'] for entry in self.entries(L)])

    def ensembles(self) -> Ensembles:
        """Open ensembles.h5; a context manager."""
        return Ensembles(self.path / 'ensembles.h5')

    @contextmanager
    def latent(self) -> Iterator[h5py.File]:
        """Open latent.h5; a context manager."""
        remedy = 'remove it, and run the stage `analyse` again'
        with readable(self.path / 'latent.h5', remedy) as latent, reading('latent.h5'):
            yield latent

    @cached_property
    def models(self) -> dict[float, list[Model]]:
        """The models by their training kappa, all trainings of a model in one; empty where the deck
        trains none.
        """
        return {kappa: [replace(pooled(group), number=number)
                        for number, group in enumerate(together(models))]
                for kappa, models in self.trainings.items()}

    @property
    def everyone(self) -> list[Model]:
        """The models of all kappas."""
        return [model for of_kappa in self.models.values() for model in of_kappa]

    @cached_property
    def trainings(self) -> dict[float, list[Model]]:
        """The same with the trainings by every seed apart."""
        groups: dict[float, list[Model]] = {}
        if self.deck.train:
            reconstructions = left('reconstructions.json', read_json(
                self.path / 'reconstructions.json'))['models']
            for model in self.records(False):
                own = reconstructions[model.name]
                groups.setdefault(model.kappa, []).append(replace(model, reconstructions=own))
        return groups

    @cached_property
    def controls(self) -> list[Model]:
        """The models that learned from Gaussian fields, without reconstructions, each by all seeds.
        """
        return [pooled(group) for group in together(self.records(True))]

    @cached_property
    def flow(self) -> dict[str, list[Entry]]:
        """What flow.json holds; its lists are empty where there is none."""
        path = self.path / 'flow.json'
        nothing: dict[str, list[Entry]] = {name: [] for name in FLOW}
        return nothing | left('flow.json', read_json(path))

    def records(self, surrogate: bool) -> Iterator[Model]:
        """Yield the models, or their controls, by kappa and latent size, less those that diverged.

        They have no reconstructions. Sorting keeps models of the same latent size in the order of
        the deck.
        """
        chosen = [model for model in with_controls(self.deck) if model.surrogate == surrogate]
        for model in sorted(chosen, key=lambda model: (model.kappa, model.latent)):
            record = left('models/', read_json(self.path / 'models' / f'{model.name}.json'))
            if 'diverged' not in record:
                shared = replace(model, seed=1, surrogate=False).name
                yield Model(model.name, 0, model.L, model.kappa, model.family, model.latent, record,
                            [], shared, model.seed, tuple(model.words))


def together(models: Iterable[Model]) -> list[list[Model]]:
    """Return models in groups of those that differ in their seed alone."""
    groups: dict[str, list[Model]] = {}
    for model in models:
        groups.setdefault(model.of_seeds, []).append(model)
    return list(groups.values())


def spread(items: list, count: int) -> list:
    """Return up to `count` of some items, first and last among them, evenly spread in their order.
    """
    chosen = {round(i) for i in np.linspace(0, len(items) - 1, count)}
    return [items[i] for i in sorted(chosen)] if items else []
