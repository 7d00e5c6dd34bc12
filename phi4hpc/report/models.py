"""What is said of a model, in captions and on the page."""

from typing import Any

from phi4hpc.report.numbers import value_error
from phi4hpc.report.study import Model


def described(model: Model) -> dict[str, Any]:
    """Return what captions tell of a model: how it is named and how its training went."""
    record = model.record
    epochs = len(record.get('train_losses', ()))
    return {'title': model.title, 'family': model.family, 'latent': model.latent,
            'ratio': ratio(model), 'epochs': epochs, 'converged': model.converged,
            'at_start': epochs > 0 and record['best_epoch'] == 0 and not model.lossless}


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
