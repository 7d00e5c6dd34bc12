"""An autoencoder as the report sees it, and trainings of one by several seeds taken together.

All seeds are tested on the same draws, so the error over draws is not less for their number. Beside
it stands the error of the mean over seeds, from their spread.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

ROUNDING = 1e-6
"""What weights of single precision change in a ratio of losses, at most."""
Entry = dict[str, Any]
"""An entry of results.json: `L`, `kappa`, and means as {'value', 'error', ...} or None."""


@dataclass(frozen=True)
class Model:
    """An autoencoder, the `number`-th of its kappa.

    `record` is that of its training, `reconstructions` are the entries of its ladder. A model that
    stands for trainings by several seeds has the name and the settings of the first one.
    """

    name: str
    number: int
    L: int
    kappa: float
    family: str
    latent: int
    record: dict[str, Any]
    reconstructions: list[Entry]
    of_seeds: str = ''
    """The name that it shares with trainings by other seeds, and with their controls."""
    seed: int = 1
    words: tuple[str, ...] = ()
    """Its settings that differ from the default, such as 'hidden 512', and its costs."""
    trainings: tuple['Model', ...] = ()
    """Where it stands for trainings by several seeds, each of these."""
    called: str = ''
    """How the legends of a panel name it, where they do not name it in full."""

    def at(self, kappa: float) -> Entry:
        """Return the entry of its reconstructions at a kappa of the ladder."""
        return min(self.reconstructions, key=lambda entry: abs(entry['kappa'] - kappa))

    @property
    def lossless(self) -> bool:
        """Whether nothing is compressed: there is a latent for every site."""
        return self.latent == self.L**2

    @property
    def optimal(self) -> bool:
        """Whether it does as the linear optimum to the last digit, as it is that itself."""
        return self.record['ratio'] == 1

    @property
    def rounded(self) -> bool:
        """Whether it does as the linear optimum to the rounding of its weights."""
        return abs(self.record['ratio'] - 1) + self.record['ratio_error'] < ROUNDING

    @property
    def converged(self) -> bool:
        """Whether training had converged when it ended, or there was no training."""
        return self.record['converged']

    @property
    def settings(self) -> str:
        """Its settings that differ from the default, such as hidden 512; empty where none does."""
        seed = [f'seed {self.seed}'] if self.seed > 1 and not self.trainings else []
        return ', '.join([*self.words, *seed])

    @property
    def kind(self) -> str:
        """How legends name it where the panel, or the axis, says how large the latents are."""
        words = [word for word in self.words if not word.startswith('block ')]
        return ', '.join([self.family, *words])

    @property
    def label(self) -> str:
        """How legends name it."""
        named = filter(None, [self.family, f'$d={self.latent}$', self.settings])
        return self.called or ', '.join(named)

    @property
    def title(self) -> str:
        """How captions name it, as HTML."""
        return ', '.join(filter(None, [self.family, f'<i>d</i> = {self.latent}', self.settings]))

    @property
    def short(self) -> str:
        """How rows and ticks name it, on lines of their own."""
        return '\n'.join(filter(None, [self.family, f'$d={self.latent}$', self.settings]))


def pooled(models: list[Model]) -> Model:
    """Return one Model for trainings of a model by several seeds.

    Its record has means over seeds, `ratio_error` over draws and `ratio_seeds`, the error of the
    mean over seeds, 0 of one seed. The errors in its reconstructions have both in them.
    """
    first = models[0]
    ratios = [model.record['ratio'] for model in models]
    record = first.record | {'ratio_seeds': of_mean(ratios)}
    if len(models) == 1:
        return replace(first, record=record)
    record |= {name: float(np.mean([model.record[name] for model in models]))
               for name in ('ratio', 'ratio_error', 'loss', 'loss_error')}
    record['converged'] = all(model.converged for model in models)
    entries = estimates([model.reconstructions for model in models])
    return replace(first, record=record, reconstructions=entries, trainings=tuple(models))


def of_mean(values: Any) -> Any:
    """Return the error of the mean over seeds (s, ...) from their spread, 0 of one seed."""
    values_s = np.asarray(values, float)
    return 0.0 * values_s[0] if len(values_s) == 1 else values_s.std(0, ddof=1) / len(values_s)**0.5


def estimates(several: list[Any]) -> Any:
    """Return plain values of several seeds as one: means and errors are pooled, wherever they are.
    """
    first = several[0]
    if any(one is None for one in several):
        return None
    if isinstance(first, list):
        return [estimates(list(part)) for part in zip(*several, strict=True)] \
            if first and isinstance(first[0], dict) else first
    if not isinstance(first, dict):
        return first
    found = {name: estimates([one[name] for one in several]) for name in first}
    if {'value', 'error'} <= set(first):
        value_s, error_s = (np.array([one[part] for one in several], float)
                            for part in ('value', 'error'))
        found |= {'value': value_s.mean(0).tolist(),
                  'error': np.hypot(error_s.mean(0), of_mean(value_s)).tolist()}
    return found
