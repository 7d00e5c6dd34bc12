"""A run directory as the report reads it: every file that a stage left, opened once, and handed to the drawings."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from phi4hpc.blockspin.models import models
from phi4hpc.deck.schema import Deck
from phi4hpc.files import read_json
from phi4hpc.storage.hdf5 import readable
from phi4hpc.storage.reader import Ensembles

UNDEFINED = {'value': math.nan, 'error': math.nan}


@dataclass(frozen=True)
class Model:
    """An autoencoder, `number` of its kappa: `record` of its training, `reconstructions` over the ladder."""

    name: str
    number: int
    L: int
    kappa: float
    family: str
    latent: int
    record: dict
    reconstructions: list

    @property
    def lossless(self):
        """Whether there is nothing to lose: a latent for every site."""
        return self.latent == self.L**2

    @property
    def label(self):
        """How legends and tables name it."""
        return f'{self.family}, $d={self.latent}$'


@dataclass(frozen=True)
class Study:
    """The run in directory `path`, made from `deck`."""

    path: Path
    deck: Deck
    results: list = field(repr=False)
    reweighted: list = field(repr=False, default=())
    transition: dict | None = field(repr=False, default=None)

    @classmethod
    def of(cls, path, deck):
        """Return the study of a run directory whose stages are complete."""
        found = read_json(Path(path, 'results.json'))
        return cls(Path(path), deck, found['ensembles'], found.get('reweighted', ()), found.get('transition'))

    @property
    def sizes(self):
        """The lattices, smallest first."""
        return self.deck.lattice.sizes

    def kappas(self, L):
        """Return the rungs of a lattice, smallest first; a tuned ladder has others for each."""
        return np.array([entry['kappa'] for entry in self.entries(L)])

    def ensembles(self):
        """Open ensembles.h5; a context manager."""
        return Ensembles(self.path / 'ensembles.h5')

    def latent(self):
        """Open latent.h5; a context manager."""
        return readable(self.path / 'latent.h5', 'remove it, and run the stage `analyse` again')

    def entries(self, L):
        """Return the entries of results.json of one lattice, by ascending kappa."""
        return sorted((entry for entry in self.results if entry['L'] == L), key=lambda entry: entry['kappa'])

    @property
    def phases(self):
        """Return whether the largest lattice is seen in either phase, by the Binder cumulant at the ends of its ladder.

        Plain facts for captions: {'interacting', 'symmetric', 'broken', 'transition'}.
        """
        first, last = (self.entries(self.sizes[-1])[end]['binder']['value'] for end in (0, -1))
        interacting = self.deck.action.lam > 0
        symmetric, broken = first < 1 / 3 or not interacting, last > 1 / 2 and interacting
        return {'interacting': interacting, 'symmetric': symmetric, 'broken': broken,
                'transition': symmetric and broken}

    @cached_property
    def models(self):
        """The trained models, grouped as {training kappa: [Model]}; empty where the deck trains none."""
        if self.deck.train is None:
            return {}
        reconstructions = read_json(self.path / 'reconstructions.json')['models']
        groups = {}
        place = {model.name: i for i, model in enumerate(models(self.deck))}
        described = self._described().items()
        for name, about in sorted(described, key=lambda item: (item[1]['kappa'], item[1]['latent'], place[item[0]])):
            like = groups.setdefault(about['kappa'], [])
            record = read_json(self.path / 'models' / f'{name}.json')
            like.append(Model(name, len(like), record=record, reconstructions=reconstructions[name], **about))
        return groups

    def _described(self):
        """Return {name: {L, kappa, family, latent}} of the models in latent.h5."""
        with self.latent() as latent:
            return {name: {'L': int(group.attrs['L']), 'kappa': float(group.attrs['kappa']),
                           'family': str(group.attrs['family']), 'latent': int(group.attrs['latent'])}
                    for name, group in latent.items()}


def spread(items, count):
    """Return about `count` of some items, first and last among them, spread evenly: of rungs, dense where they are."""
    return [items[i] for i in sorted({round(i) for i in np.linspace(0, len(items) - 1, count)})]


def column(entries, name):
    """Return (value, error) arrays of an observable over entries of results.json; NaN where it is not defined."""
    estimates = [entry.get(name) or UNDEFINED for entry in entries]
    return np.array([[estimate[part] for estimate in estimates] for part in ('value', 'error')])
