"""Other runs whose models are drawn beside this run's, in figures that compare: report.beside."""

from pathlib import Path

from phi4hpc.blockspin.models import with_controls
from phi4hpc.errors import UserError
from phi4hpc.opened import Run
from phi4hpc.report.study import Study


def beside(study: Study) -> list[Study]:
    """Return the studies of the runs that the deck names, for their models' records and draws.

    Raises UserError where one is no run, trains nothing, or is not trained to the end.
    """
    return [opened(Path(path)) for path in study.deck.report.beside]


def opened(path: Path) -> Study:
    """Return the study of one of them. Raises UserError as `beside` does."""
    try:
        deck = Run(path).deck
    except UserError as error:
        raise UserError(f'report.beside: {error}') from None
    if deck.train is None:
        raise UserError(f'report.beside: {path}: its deck has no section train: expected a run '
                        'that trains models')
    for model in with_controls(deck):
        if not (path / 'models' / f'{model.name}.json').exists():
            raise UserError(f'report.beside: {path}: no models/{model.name}.json yet; run its '
                            'stage train first')
    return Study(path, deck, {})
