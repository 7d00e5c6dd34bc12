"""The models of a deck: an autoencoder and the ensemble it learns from, and names of files."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from phi4hpc.blockspin.family import Family
from phi4hpc.deck.plugged import Entry
from phi4hpc.deck.schema import COSTS, RECONSTRUCTION, Deck, Train
from phi4hpc.deck.section import Section
from phi4hpc.errors import UserError

LONGEST = 160
"""Letters of a name. File systems allow 255, with what is added to it."""


@dataclass(frozen=True)
class Model:
    """One autoencoder of the deck at one kappa. `costs` is empty where they are the default."""

    L: int
    kappa: float
    family: str
    settings: Family
    latent: int
    costs: tuple[Entry, ...] = ()
    seed: int = 1
    """Which of several trainings it is; each has first weights and batches of its own."""
    surrogate: bool = False
    """Whether it is a control, which learns from Gaussian fields of the ensemble's propagator."""

    @property
    def name(self) -> str:
        """The name of its files and groups, with every setting that is not its default.

        Examples are L032_k0.269_dense_d61 and L032_k0.269_dense_d61_hidden512.
        """
        words = [f'L{self.L:03d}', f'k{self.kappa:g}', self.family, f'd{self.latent}']
        words += changed(self.settings)
        for cost in self.costs:
            words += [cost.name, *changed(cost.settings)]
        words += [f's{self.seed}'] if self.seed > 1 else []
        words += ['surrogate'] if self.surrogate else []
        return safe('_'.join(words))

    @property
    def words(self) -> list[str]:
        """The settings that are not their default, such as 'hidden 512', and the costs, in words.
        """
        return in_words(self.settings, self.costs)

    @property
    def about(self) -> dict[str, Any]:
        """What it is, as plain values."""
        return {'L': self.L, 'kappa': self.kappa, 'family': self.family, 'latent': self.latent,
                'settings': self.settings.model_dump(mode='json', exclude={'costs'}),
                'seed': self.seed, 'surrogate': self.surrogate}


def models(deck: Deck) -> list[Model]:
    """Return the deck's models in order. Raises UserError where two would have one name."""
    return [model for model in with_controls(deck) if not model.surrogate]


def with_controls(deck: Deck) -> list[Model]:
    """Return the deck's models, and after each one its control where the deck asks for these.

    Raises UserError where two would have one name.
    """
    train = deck.train
    if train is None:
        return []
    found = [Model(train.lattice, kappa, entry.name, entry.settings, latent,
                   costs_of(train, entry.settings), seed, surrogate)
             for kappa in train.kappas for entry in train.models
             for latent in entry.settings.sizes(train.lattice)
             for seed in range(1, 1 + (train.seeds if entry.settings.trained else 1))
             for surrogate in (False, True)[:1 + (train.surrogate and entry.settings.trained)]]
    name, times = Counter(model.name for model in found).most_common(1)[0]
    if times > 1:
        raise UserError(f'{name}: {times} models of train.models have this name: '
                        'expected settings that differ')
    return found


def costs_of(train: Train, settings: Family) -> tuple[Entry, ...]:
    """Return what the training of a model makes small, empty where that is the default."""
    costs = settings.costs or train.costs
    return () if costs == usual() else tuple(costs)


def usual() -> list[Entry]:
    """Return what training makes small by default."""
    return [COSTS.entry(cost) for cost in RECONSTRUCTION]


def in_words(settings: Family, costs: Iterable[Entry]) -> list[str]:
    """Return each setting that is not its default, such as 'hidden 512', and each cost, in words.
    """
    def said(section: Section) -> list[str]:
        return [f'{key} {value}' for key, value in differing(section)]

    return [*said(settings), *(' '.join([cost.name, *said(cost.settings)]) for cost in costs)]


def changed(settings: Section) -> Iterator[str]:
    """Yield a word, such as hidden512, for every setting that is not its default."""
    for key, value in differing(settings):
        yield f'{key}{value}'


def differing(settings: Section) -> Iterator[tuple[str, str]]:
    """Yield the name and the value, as words, of every setting that is not its default.

    The latent sizes are left out, for each makes a model of its own, and costs, which a Model has.
    """
    for key, field in type(settings).model_fields.items():
        value, default = getattr(settings, key), field.get_default(call_default_factory=True)
        if key not in ('latents', 'costs') and (field.is_required() or value != default):
            yield key, spelt(value)


def spelt(value: Any) -> str:
    """Return a setting's value as a word."""
    if isinstance(value, Section):
        return '-'.join(changed(value))
    if isinstance(value, list | tuple):
        return '-'.join(map(spelt, value))
    if isinstance(value, float):
        return f'{value:g}' if float(f'{value:g}') == value else repr(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def safe(name: str) -> str:
    """Return a name in letters that every file system takes, with a digest where it was changed."""
    plain = re.sub(r'[^A-Za-z0-9._-]', '-', name)[:LONGEST]
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return plain if plain == name else f'{plain}_{digest}'
