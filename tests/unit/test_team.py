"""Ranks wait only for those with which they share a chain."""

import numpy as np
import pytest

from phi4hpc.sampling.team import teams
from phi4hpc.storage.layout import owners

RUNGS = 4


@pytest.mark.parametrize(('bounds', 'expected'), [
    ([[0, 8, 16], [0, 8, 16]], [1, 2]),                                 # two chains each
    ([[0, 7, 16], [0, 8, 16]], [1, 1]),                                 # one chain is cut
    ([[0, 4, 8, 12, 16]], [1, 2, 3, 4]),                                # a chain each
    ([[0, 5, 8, 12, 16]], [1, 1, 2, 3]),                                # two share the second one
    ([[0, 2, 4, 6, 8, 10, 12, 14, 16]], [1, 1, 2, 2, 3, 3, 4, 4]),      # two ranks a chain
    ([[0, 4, 16, 16], [0, 0, 0, 16]], [1, 1, 1]),                       # whole, written by others
])
def test_ranks_that_share_a_chain_are_a_team(bounds, expected):
    bounds = np.array(bounds)
    ranks = bounds.shape[1] - 1
    found = teams(bounds, [owners(16, ranks)] * len(bounds), RUNGS)
    assert (np.diff(found) == np.diff(expected)).all()
