"""What latent.h5 says of models and of the information that they keep, the mean over their seeds.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import h5py
import numpy as np

from phi4hpc.report.left import Left
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import difference, over_optimum
from phi4hpc.report.study import Model, Study
from phi4hpc.report.trainings import of_mean

COLUMNS = {'kappa': 'on kappa', 'lambda': 'on lambda', 'field': 'on field',
           'variance': 'variance'}
"""The column of a table that each name has."""
NETWORK = {'kappa_network': 'network on kappa', 'lambda_network': 'network on lambda'}
"""The column of what the network has added to a part, which is in it."""
IN_A_FIGURE = 6               # models of one kappa that panels can show, at most
Arrays = dict[str, np.ndarray]


class Kept(NamedTuple):
    """What a model keeps, {name: part} by the names of COLUMNS, with the errors of these, and what
    the network has added, by those of NETWORK."""

    model: Model
    value: dict[str, float]
    error: dict[str, float]

    def said(self, name: str) -> str:
        """Return a part in percent, with its error."""
        return f'{value_error(100 * self.value[name], 100 * self.error[name])}%'

    def added(self, name: str) -> str:
        """Return what the network has added, in percent with its error; '' where it has no part."""
        return f'+{self.said(name)}'.replace('+-', '\N{MINUS SIGN}') if self.value[name] else ''

    def lost(self, name: str) -> float:
        """Return the part that is not kept."""
        return 1 - self.value[name]


def kept(study: Study, models: list[Model]) -> list[Kept]:
    """Return what each model keeps.

    Models that were analysed without it, or by a version without the network, are left out.
    """
    found = []
    with study.latent() as latent:
        for model in models:
            arrays = over_seeds(latent, model, 'information')
            if set(NETWORK) <= set(arrays):
                value, error = ({key: float(arrays[f'{key}{part}']) for key in (*COLUMNS, *NETWORK)}
                                for part in ('', '_error'))
                found.append(Kept(model, value, error))
    return found


def over_seeds(latent: h5py.File, model: Model, name: str) -> Arrays:
    """Return what a model has under a name in latent.h5, the mean over its seeds.

    `X_error` has the spread of X over seeds in it. Names, whole numbers, and what has another shape
    for each seed, are those of the first. Nothing where a seed was analysed without it.
    """
    groups = [latent[one.name].get(name) for one in model.trainings or (model,)]
    if not all(groups):
        return Left('latent.h5', {})
    arrays = {key: [group[key][()] for group in groups] for key in groups[0]}
    arrays_s = {key: np.array(values if alike(values) else values[:1])
                for key, values in arrays.items()}
    errors = {f'{key}_error': np.hypot(arrays_s[f'{key}_error'].mean(0), of_mean(value_s))
              for key, value_s in arrays_s.items() if f'{key}_error' in arrays_s}
    return Left('latent.h5', {
        key: value_s.mean(0) if value_s.dtype.kind == 'f' else value_s[0]
        for key, value_s in arrays_s.items()} | errors)


def alike(values: list[np.ndarray]) -> bool:
    """Return whether arrays have one shape."""
    return len({np.shape(value) for value in values}) == 1


def shown(study: Study, name: str) -> Iterator[tuple[float, list[tuple[Model, Arrays]], bool]]:
    """Yield each training kappa, its models with what they have under a name, and whether some are
    left out.

    Where they are more than a figure can show, these are the linear optimum and trained ones.
    """
    for kappa, everyone in study.models.items():
        with study.latent() as latent:
            found = [(model, arrays) for model in everyone
                     if (arrays := over_seeds(latent, model, name))]
        few = [(model, arrays) for model, arrays in found
               if len(found) <= IN_A_FIGURE or model.record['trained'] or model.optimal]
        if few:
            yield kappa, few, len(few) < len(everyone)


def rows(study: Study, models: dict[float, list[Model]]) -> list[dict[str, Any]]:
    """Return a row of text for each model, by kappa and latent size."""
    return [about(one) | {column: one.said(name) for name, column in COLUMNS.items()} | {
        column: one.added(name) for name, column in NETWORK.items()}
        for one in everyone(study, models)]


def extremes(study: Study) -> list[dict[str, Any]]:
    """Return the rows of the models that keep least and most on kappa, seeds in one."""
    found = sorted(everyone(study, study.models), key=lambda one: one.value['kappa'])
    return [about(one) | {'on kappa': one.said('kappa')} for one in found[:1] + found[-1:]]


def over_linear(study: Study) -> dict[str, str]:
    """Return by how much each trained model keeps more on kappa than the linear optimum does.

    The optimum has about as many latents, and both are judged by the test draws. The keys are
    titles; the values are in percent, with the error of the difference.
    """
    if not study.models:                                       # and so no latent.h5
        return {}
    with study.latent() as latent:
        return {f'{model.title} at κ = {kappa:g}': found.percent
                for kappa, models in study.models.items()
                for model, optimum in over_optimum(models)
                if (found := difference(latent, model, optimum, 'information_test/kappa'))}


def numbers(study: Study) -> list[dict[str, Any]]:
    """Return what each training keeps as numbers, each with its error."""
    return [about(one) | {f'{column}{part}': numbers[name]
                          for name, column in (COLUMNS | NETWORK).items()
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
