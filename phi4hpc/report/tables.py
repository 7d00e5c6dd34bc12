"""The tables of the page, as rows of text: every mean with its error, how long the draws remember, and the models."""

from phi4hpc.report.numbers import value_error, written
from phi4hpc.statistics.convergence import doubts

OBSERVABLES = ('abs_magnetisation', 'susceptibility', 'susceptibility_m2', 'binder', 'hopping', 'phi2', 'phi4')
ENOUGH = 50                # autocorrelation times that a chain should span for its errors to be trusted


def ensembles(study):
    """Return [{'L', 'rows'}] over lattices; a row has kappa, means, the slowest tau_int and whether to warn of it."""
    return [{'L': L, 'rows': [row(entry, study.deck.sample.draws) for entry in study.entries(L)]} for L in study.sizes]


def row(entry, draws):
    """Return the row of one entry of results.json, from chains of so many draws."""
    slowest = max((entry[name] for name in OBSERVABLES), key=lambda estimate: estimate['tau_int'])
    return {'kappa': f'{entry["kappa"]:g}', 'means': [written(entry[name]) for name in OBSERVABLES],
            'tau': value_error(slowest['tau_int'], slowest['tau_int_error']),
            'short': draws < ENOUGH * slowest['tau_int'], 'doubts': '; '.join(doubts(entry)),
            'effective': optional(entry['effective_draws'], '.0f'),
            'r_hat': optional(entry['r_hat'], '.3f')}


def optional(value, form):
    """Return a number as text, a dash where there is none."""
    return '–' if value is None else f'{value:{form}}'


def models(study):
    """Return rows, one a model."""
    return [model_row(model) for of_kappa in study.models.values() for model in of_kappa]


def model_row(model):
    """Return the row of one model, from the record of its training."""
    record = model.record
    means = {name: value_error(record[name], record[f'{name}_error']) for name in ('linear_optimum', 'loss', 'ratio')}
    if model.lossless:
        means['ratio'] = 'none'                                   # of rounding errors
    return {'kappa': f'{model.kappa:g}', 'family': model.family, 'latent': model.latent, **means,
            'draws': f'{record["train_draws"]} / {record["test_draws"]}',
            'epoch': f'{record["best_epoch"]} of {len(record["train_losses"])}', 'seconds': f'{record["seconds"]:.1f}'}
