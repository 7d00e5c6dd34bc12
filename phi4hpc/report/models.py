"""What is said of a model, in captions and on the page."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from phi4hpc.report.numbers import listed, value_error
from phi4hpc.report.study import Model

ALIKE = 1.1
"""Latent sizes whose ratio is at most this are compared in one panel, such as 61 and 64."""


def alike(sizes: Iterable[int]) -> list[list[int]]:
    """Return latent sizes in groups of those that are compared, smallest first."""
    groups: list[list[int]] = []
    for latent in sorted(set(sizes)):
        if groups and latent <= ALIKE * groups[-1][0]:
            groups[-1].append(latent)
        else:
            groups.append([latent])
    return groups


def by_size(models: list[Model]) -> list[tuple[str, list[Model]]]:
    """Return models of one kappa in panels of latent sizes that are compared, each with its title.

    What is of one kind has one number, and so one colour, in all panels, and is called by its kind;
    where two in a panel are of one kind, all keep their own numbers and names.
    """
    kinds = list(dict.fromkeys(model.kind for model in models))
    found = []
    for sizes in alike(model.latent for model in models):
        like = [model for model in models if model.latent in sizes]
        if len({model.kind for model in like}) == len(like):
            like = [replace(model, number=kinds.index(model.kind), called=model.kind)
                    for model in like]
        found.append((f'$d={"$ and $".join(map(str, sizes))}$', like))
    return found


def described(model: Model) -> dict[str, Any]:
    """Return what captions tell of a model: how it is named and how its training went."""
    record = model.record
    epochs = len(record.get('train_losses', ()))
    return {'title': model.title, 'family': model.family, 'latent': model.latent,
            'ratio': ratio(model), 'epochs': epochs, 'seeds': len(model.trainings) or 1,
            'converged': model.converged, 'returns': listed(returns(model)),
            'at_start': epochs > 0 and record['best_epoch'] == 0 and not model.lossless}


def returns(model: Model) -> list[int]:
    """Return the epochs, of all seeds, after which training had blown up and went back."""
    # Records of older versions do not have them.
    return [epoch for one in model.trainings or (model,)
            for epoch in one.record.get('returns', ())]


def ratio(model: Model) -> str:
    """Return the final test loss over that of the linear optimum, where that says something."""
    if model.lossless:
        return 'none, as nothing is compressed and nothing lost'
    if model.optimal:
        return '1, as it is the linear optimum, where training began' if model.record['trained'] \
            else '1, as it is the linear optimum'
    said = value_error(model.record['ratio'], model.record['ratio_error'])
    seeds = model.record.get('ratio_seeds', 0.0)
    return f'{said} ± {seeds:.1g} over {len(model.trainings)} seeds' if seeds > 0 else said
