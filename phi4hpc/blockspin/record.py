"""The record of a model: how its training went, and how well it does on test draws, with errors.

Shapes: n draws of this rank, c terms of a cost, r ranks.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from phi4hpc.blockspin.history import History, totals_of
from phi4hpc.blockspin.objective import MEASURE, Objective, Terms
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife
from phi4hpc.statistics.shown import value_error

OPTIMUM = 'linear optimum'


def record(comm: Communicator, objective: Objective, history: History, optimum: Terms,
           final: Terms) -> dict[str, Any]:
    """Return what is known of a model, as plain values.

    `optimum` and `final` are the terms (n, c) of this rank's test draws, for the linear optimum and
    for the model. Numbers on test draws have a jackknife error beside them: `loss` and
    `linear_optimum`, which are means of (x - A(x))^2 of a site, and `ratio`, the one over the
    other, whose error is small since both are of the same draws. The test draws chose nothing, so
    nothing favours the ratio.

    `train_losses` are the objective's means over every epoch; `validation_losses` begin with the
    start; `validation_optimum` is the loss of the linear optimum on the validation draws. `costs`
    has the same of each cost, without its weight.
    """
    value, error = tested(comm, objective, {**final, OPTIMUM: optimum[MEASURE]})
    costs = {name: {'weight': cost.weight, 'value': value.pop(name), 'error': error.pop(name),
                    'train_losses': history.train.get(name, []),
                    'validation_losses': history.validation[name]}
             for name, cost in objective.costs.items()}
    return {**value, **{f'{name}_error': one for name, one in error.items()},
            'train_losses': totals_of(history.train, objective),
            'validation_losses': totals_of(history.validation, objective),
            'validation_optimum': history.optimum,
            'best_epoch': history.best, 'converged': history.converged,
            'returns': history.returns, 'costs': costs,
            'test_draws': sum(comm.allgather(len(final[MEASURE]))), 'seconds': history.seconds}


def tested(comm: Communicator, objective: Objective,
           terms: Terms) -> tuple[dict[str, float], dict[str, float]]:
    """Return values and errors by name: the linear optimum, the loss, the ratio, and each cost.

    Errors are by jackknife over blocks of neighbouring draws.
    """
    draws_r = comm.allgather(len(terms[MEASURE]))
    slices = block_slices(sum(draws_r[:comm.rank]), draws_r[comm.rank], sum(draws_r))
    counted = {**terms, 'count': np.ones((draws_r[comm.rank], 1))}
    sums_b = [{name: term_nc[part].sum(0) for name, term_nc in counted.items()} for part in slices]
    found = jackknife(comm, gather_blocks(comm, sums_b), lambda sums: estimates(objective, sums))
    names = ['linear_optimum', 'loss', 'ratio', *objective.costs]
    value, error = (dict(zip(names, numbers.tolist(), strict=True)) for numbers in found)
    return value, error


def estimates(objective: Objective, sums: Terms) -> np.ndarray:
    """Return the numbers that `tested` names, from sums (c,) over draws and their count."""
    means = {name: sum_c / sums['count'] for name, sum_c in sums.items()}
    values = objective.values_of({name: means[name] for name in objective.costs})
    optimum = means[OPTIMUM][0]
    return np.array([optimum, values[MEASURE], values[MEASURE] / optimum, *values.values()])


def sentence(record: Mapping[str, Any]) -> str:
    """Return in words how well a model does."""
    if 'diverged' in record:
        return f'diverged, {record["diverged"]}; lower train.rate'
    said = f'loss {record["loss"]:.6g} a site on test draws'
    if record['ratio_error'] == 0:
        start = ', where it started, for no epoch did better' if record['trained'] else ''
        return f'{said}, which is that of the linear optimum{start}'
    ratio = value_error(record['ratio'], record['ratio_error'])
    said += f', {ratio} of the linear optimum'
    if record['converged']:
        return said
    return (f'{said}; not converged, for no plateau was seen in {len(record["train_losses"])} '
            'epochs: raise train.epochs')
