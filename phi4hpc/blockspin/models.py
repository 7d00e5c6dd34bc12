"""The models of a deck: which autoencoder is trained on which ensemble, and the names of their files and groups."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from phi4hpc.blockspin.family import Family
from phi4hpc.deck.plugged import Entry
from phi4hpc.deck.schema import COSTS, RECONSTRUCTION, Deck
from phi4hpc.deck.section import Section
from phi4hpc.errors import UserError

LONGEST = 160                    # letters of a name, to which file systems allow 255 with what is added


@dataclass(frozen=True)
class Model:
    """One autoencoder of the deck, trained at one kappa; `costs` are those of the deck, where they are not the default.
    """

    L: int
    kappa: float
    family: str
    settings: Family
    latent: int
    costs: tuple[Entry, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of its files and groups: L032_k0.269_dense_d64, and each setting that is not its default."""
        words = [f'L{self.L:03d}', f'k{self.kappa:g}', self.family, f'd{self.latent}', *changed(self.settings)]
        for cost in self.costs:
            words += [cost.name, *changed(cost.settings)]
        return safe('_'.join(words))

    @property
    def about(self) -> dict[str, Any]:
        """Return what it is, as plain values."""
        return {'L': self.L, 'kappa': self.kappa, 'family': self.family, 'latent': self.latent,
                'settings': self.settings.model_dump(mode='json')}


def models(deck: Deck) -> list[Model]:
    """Return the deck's models in order. Raises UserError where two would have one name."""
    train = deck.train
    if train is None:
        return []
    costs = () if train.costs == [COSTS.entry(cost) for cost in RECONSTRUCTION] else tuple(train.costs)
    found = [Model(train.lattice, kappa, entry.name, entry.settings, latent, costs)
             for kappa in train.kappas for entry in train.models for latent in entry.settings.sizes(train.lattice)]
    name, times = Counter(model.name for model in found).most_common(1)[0]
    if times > 1:
        raise UserError(f'{name}: {times} models of train.models have this name: expected settings that differ')
    return found


def changed(settings: Section) -> Iterator[str]:
    """Yield a word, such as hidden512, for every setting that is not its default; the latent sizes aside."""
    for key, field in type(settings).model_fields.items():
        value = getattr(settings, key)
        if key != 'latents' and (field.is_required() or value != field.get_default(call_default_factory=True)):
            yield f'{key}{spelt(value)}'


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
    """Return a name of letters that every file system takes; what is changed or cut leaves a digest of the whole."""
    plain = re.sub(r'[^A-Za-z0-9._-]', '-', name)[:LONGEST]
    return plain if plain == name else f'{plain}_{hashlib.sha256(name.encode()).hexdigest()[:8]}'
