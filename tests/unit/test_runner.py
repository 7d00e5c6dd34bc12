"""Which stages of a run are due."""

from types import SimpleNamespace

import pytest

from phi4hpc.stages.runner import due
from phi4hpc.stages.table import NAMES

DECK = SimpleNamespace(train={}, flow={})


def directory(complete):
    """Stand in for the directory of a run in which some stages are complete."""
    return SimpleNamespace(done=lambda name: name in complete)


@pytest.mark.parametrize(('complete', 'expected'), [
    (NAMES, []),
    ((), list(NAMES)),
    ({'sample', 'measure'}, ['train', 'analyse', 'flow', 'report']),
    # Block spins may be models, which flow reads where they are.
    ({'sample', 'measure', 'flow', 'report'}, ['train', 'analyse', 'flow', 'report']),
    # Once results.json is made anew, the page that shows it is as well.
    ({'sample', 'train', 'analyse', 'flow', 'report'}, ['measure', 'report']),
])
def test_a_stage_is_due_where_it_or_one_that_it_builds_on_is_not_complete(complete, expected):
    assert [stage.name for stage in due(NAMES, DECK, directory(complete))] == expected


def test_a_deck_without_train_trains_and_analyses_nothing():
    found = due(NAMES, SimpleNamespace(train=None, flow=None), directory(()))
    assert [stage.name for stage in found] == ['sample', 'measure', 'report']
