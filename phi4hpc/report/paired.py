"""Differences between models that are judged by the same draws, with the error of the difference.

Test draws are the same for all models of a kappa, and what they do to one model they do to the
others: errors that are added as if independent may be several times too large. So latent.h5 has
what is compared with each block of test draws deleted in turn, and the error of a difference is by
jackknife over these, which both sides share. Seeds are other first weights: the errors of the means
over them are independent of each other and of the draws.
"""

from typing import NamedTuple

import h5py
import numpy as np

from phi4hpc.parallel.jackknife import deleted_error
from phi4hpc.report.models import alike
from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model
from phi4hpc.report.trainings import of_mean

CLEAR = 3.0                   # errors from which on a difference is more than chance
ROUNDING = 1e-6               # a difference below which it is that of arithmetic in float32


class Difference(NamedTuple):
    """One number less another of the same draws, and its error."""

    value: float
    error: float

    @property
    def clear(self) -> bool:
        """Whether the first is the larger one, beyond chance."""
        return self.value > max(CLEAR * self.error, ROUNDING)

    @property
    def percent(self) -> str:
        """It in percent, with its error."""
        return f'{self.written(100)}%'

    def written(self, unit: float = 1) -> str:
        """Return it with its error, both times `unit`."""
        if max(abs(self.value), self.error) < ROUNDING:
            return '0'
        return value_error(unit * self.value, unit * self.error).replace('-', '−')


def difference(latent: h5py.File, one: Model, other: Model, name: str, less: str = '',
               at: int | None = None) -> Difference | None:
    """Return `name` of one model less that of another, such as 'information_test/kappa'.

    `less` is the name in the other model, where it is not the same; `at` the number in an array.
    None where latent.h5 does not have them, as where an older version has analysed a model, or
    where they are not defined. Raises ValueError for models that are judged by different draws.
    """
    if (one.L, one.kappa) != (other.L, other.kappa):
        raise ValueError(f'{one.name} and {other.name} are judged by different draws')
    more = _over_seeds(latent, one, name, at)
    fewer = _over_seeds(latent, other, less or name, at)
    if not more or not fewer:
        return None
    (one_s, one_sb), (other_s, other_sb) = more, fewer
    seeds = (of_mean(one_s - other_s) if one.name == other.name
             else np.hypot(of_mean(one_s), of_mean(other_s)))
    of_draws = deleted_error(one_sb.mean(0) - other_sb.mean(0))
    found = Difference(float(one_s.mean() - other_s.mean()), float(np.hypot(of_draws, seeds)))
    return found if np.isfinite(found).all() else None


def _over_seeds(latent: h5py.File, model: Model, name: str,
                at: int | None) -> tuple[np.ndarray, np.ndarray] | None:
    """Return a number of each training of a model (s,), and with a block deleted (s, b)."""
    trainings = [latent[one.name] for one in model.trainings or (model,)]
    if not all(f'{name}_deleted' in group for group in trainings):
        return None
    own = () if at is None else (at,)
    return (np.array([group[name][own] for group in trainings], float),
            np.array([group[f'{name}_deleted'][(..., *own)] for group in trainings], float))


def over_optimum(models: list[Model]) -> list[tuple[Model, Model]]:
    """Return pairs of a trained model and the linear optimum that has about as many latents.

    Models without such an optimum in the list are left out.
    """
    optima = [model for model in models if model.optimal and not model.record['trained']]
    return [(model, optimum) for model in models if model.record['trained']
            for optimum in optima if len(alike((model.latent, optimum.latent))) == 1]
