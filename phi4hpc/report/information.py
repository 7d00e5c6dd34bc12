"""What latent.h5 says of the information that models keep, for figures, the page and tables."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import numpy as np

from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model, Study
from phi4hpc.report.trainings import of_mean

COLUMNS = {'kappa': 'on kappa', 'lambda': 'on lambda', 'field': 'on field',
           'variance': 'variance'}
"""The column of a table that each name has."""
CLEAR = 3.0                   # errors by which one model keeps more than another beyond chance


FEW = 6                       # models that a figure shows


class Kept(NamedTuple):
    """What a model keeps, {name: part} by the names of COLUMNS, with the errors of these."""

    model: Model
    value: dict[str, float]
    error: dict[str, float]

    def said(self, name: str) -> str:
        """Return a part in percent, with its error."""
        return f'{value_error(100 * self.value[name], 100 * self.error[name])}%'

    def lost(self, name: str) -> float:
        """Return the part that is not kept."""
        return 1 - self.value[name]

    def above(self, other: 'Kept', name: str) -> bool:
        """Return whether this model keeps more than another, beyond chance."""
        error = np.hypot(self.error[name], other.error[name])
        return bool(self.value[name] - other.value[name] > CLEAR * error)


def kept(study: Study, models: list[Model]) -> list[Kept]:
    """Return what each model keeps, the mean over its seeds with an error that has their spread.

    Models that were analysed without it are left out.
    """
    found = []
    with study.latent() as latent:
        for model in models:
            groups = [latent[one.name].get('information') for one in model.trainings or (model,)]
            if all(groups):
                found.append(Kept(model, *mean(groups)))
    return found


def mean(groups: list[h5py.Group]) -> tuple[dict[str, float], dict[str, float]]:
    """Return what models of several seeds keep on average, and its errors, by name."""
    value, error = {}, {}
    for name in COLUMNS:
        value_s, error_s = (np.array([group[f'{name}{part}'][()] for group in groups])
                            for part in ('', '_error'))
        value[name] = float(value_s.mean())
        error[name] = float(np.hypot(error_s.mean(), of_mean(value_s)))
    return value, error


def chosen(latent: h5py.File, models: list[Model],
           name: str) -> Iterator[tuple[Model, h5py.Group]]:
    """Yield models, each with its group of that name in latent.h5, where it has one.

    Where they are more than a figure can show, these are the linear optimum and trained ones. Of
    several seeds it is the first.
    """
    models = [model for model in models if model.seed == 1 and name in latent[model.name]]
    few = len(models) <= FEW
    for model in models:
        if few or model.record['trained'] or model.optimal:
            yield model, latent[model.name][name]


def rows(study: Study, models: dict[float, list[Model]]) -> list[dict[str, Any]]:
    """Return a row of text for each model, by kappa and latent size."""
    return [about(one) | {column: one.said(name) for name, column in COLUMNS.items()}
            for one in everyone(study, models)]


def numbers(study: Study) -> list[dict[str, Any]]:
    """Return what each training keeps as numbers, each with its error."""
    return [about(one) | {f'{column}{part}': numbers[name] for name, column in COLUMNS.items()
                          for part, numbers in (('', one.value), (' error', one.error))}
            for one in everyone(study, study.trainings)]


def everyone(study: Study, models: dict[float, list[Model]]) -> list[Kept]:
    """Return what models of all kappas keep."""
    return [one for of_kappa in models.values() for one in kept(study, of_kappa)]


def about(one: Kept) -> dict[str, Any]:
    """Return the columns of a row that say which model it is of."""
    model = one.model
    return {'L': model.L, 'kappa': f'{model.kappa:g}', 'family': model.family, 'd': model.latent,
            'settings': model.settings}
