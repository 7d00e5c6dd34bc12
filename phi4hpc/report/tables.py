"""The tables of the page, as rows of text: means with their errors, autocorrelation, models."""

from typing import Any

from phi4hpc import plugins
from phi4hpc.lattice.observable import FOLDER, load
from phi4hpc.report.models import alike, described, ratio
from phi4hpc.report.numbers import UNDEFINED, listed, value_error, written
from phi4hpc.report.study import Entry, Model, Study
from phi4hpc.statistics.convergence import doubts

IN_FINDINGS = 6
"""Models that the findings name one by one, at most."""
ENOUGH = 50
"""Autocorrelation times that a chain should span for its errors to be trusted."""


def columns(study: Study) -> list[str]:
    """Return the names of the observables that tables show: all measured ones that are numbers."""
    there = {name for L in study.sizes for entry in study.entries(L) for name in entry}
    return [name for name in (*plugins.names(FOLDER), *sorted(n for n in there if '.' in n))
            if name in there and load(name).argument_name is None]


def ensembles(study: Study) -> list[dict[str, Any]]:
    """Return [{'L', 'rows'}] over lattices, the rows as `row` gives them."""
    return [{'L': L, 'rows': rows(study, L)} for L in study.sizes]


def rows(study: Study, L: int) -> list[dict[str, Any]]:
    """Return the rows of one lattice."""
    names = columns(study)
    return [row(entry, names, study.deck.sample.draws) for entry in study.entries(L)]


def row(entry: Entry, names: list[str], draws: int) -> dict[str, Any]:
    """Return the row of one entry of results.json, whose chains have `draws` draws.

    It has kappa, the means `names`, the slowest tau_int of them and whether it is too long.
    """
    defined = [entry[name] for name in names if entry.get(name)]
    slowest = max(defined, key=lambda estimate: estimate['tau_int'], default=None)
    tau = value_error(slowest['tau_int'], slowest['tau_int_error']) if slowest else UNDEFINED
    return {'kappa': f'{entry["kappa"]:g}', 'means': [written(entry.get(name)) for name in names],
            'tau': tau, 'short': slowest is not None and draws < ENOUGH * slowest['tau_int'],
            'doubts': '; '.join(doubts(entry)) if slowest else 'there are no means',
            'effective': optional(entry.get('effective_draws'), '.0f'),
            'r_hat': optional(entry.get('r_hat'), '.3f')}


def optional(value: float | None, form: str) -> str:
    """Return a number as text, a dash where there is none."""
    return UNDEFINED if value is None else f'{value:{form}}'


def models(study: Study) -> list[dict[str, Any]]:
    """Return a row for each training of each model."""
    control = controls(study)
    return [model_row(model) | {'control': control.get(model.of_seeds, '')}
            for of_kappa in study.trainings.values() for model in of_kappa]


def families(study: Study) -> dict[str, str]:
    """Return what each family of the deck's models is, the first words of its class on itself."""
    entries = study.deck.train.models if study.deck.train else []
    return {entry.name: ' '.join((type(entry.settings).__doc__ or '').partition('\n\n')[0].split())
            for entry in entries}


def controls(study: Study) -> dict[str, str]:
    """Return the ratio of each control, its trainings by several seeds in one, by `of_seeds`."""
    return {model.of_seeds: '1' if model.rounded else ratio(model) for model in study.controls}


def ratios(study: Study) -> list[dict[str, Any]]:
    """Return what the findings tell of each model, its trainings by several seeds in one."""
    control = controls(study)
    return [described(model) | {'kappa': f'{model.kappa:g}',
                                'control': control.get(model.of_seeds, '')}
            for model in study.everyone]


def ranges(study: Study) -> list[dict[str, Any]]:
    """Return what the findings tell instead of more than IN_FINDINGS models, else nothing.

    For each kappa and latent size these are the models of `least` and of `most` ratio, of `count`
    models, each as `ratios` has it.
    """
    if len(study.everyone) <= IN_FINDINGS:
        return []
    said = {model.name: row for model, row in zip(study.everyone, ratios(study), strict=True)}
    found = []
    for kappa, models in study.models.items():
        for sizes in alike(model.latent for model in models):
            own = sorted((model for model in models if model.latent in sizes),
                         key=lambda model: float(model.record['ratio']))
            found.append({'kappa': f'{kappa:g}', 'sizes': listed(sizes), 'count': len(own),
                          'least': said[own[0].name], 'most': said[own[-1].name]})
    return found


def model_row(model: Model) -> dict[str, Any]:
    """Return the row of one model, from the record of its training."""
    record, said = model.record, described(model)
    losses = {name: value_error(record[name], record[f'{name}_error'])
              for name in ('linear_optimum', 'loss')}
    epoch = f'{record["best_epoch"]} of {said["epochs"]}' if said['epochs'] else 'not trained'
    return {**said, **losses, 'kappa': f'{model.kappa:g}', 'settings': model.settings,
            'draws': f'{record["train_draws"]} / {record["test_draws"]}', 'epoch': epoch,
            'seconds': f'{record["seconds"]:.1f}' if 'seconds' in record else ''}
