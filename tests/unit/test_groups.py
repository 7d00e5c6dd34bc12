"""How tasks are shared out over groups of ranks that work apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.parallel.groups import shared_out


def test_the_longest_task_is_begun_first_and_no_group_waits_for_longer_than_a_task():
    assert shared_out([1, 5, 2, 4], 2) == [[1, 0], [3, 2]]


@settings(deadline=None)
@given(st.lists(st.floats(0.1, 100), max_size=12), st.integers(1, 5))
def test_every_task_is_done_once_and_the_last_group_ends_within_a_task_of_the_mean(costs, groups):
    tasks = shared_out(costs, groups)
    assert sorted(task for own in tasks for task in own) == list(range(len(costs)))
    loads = [sum(costs[task] for task in own) for own in tasks]
    assert max(loads) <= sum(costs) / groups + max(costs, default=0) + 1e-9


@pytest.mark.parametrize('groups', [1, 3])
def test_equal_tasks_are_dealt_in_their_order(groups):
    assert shared_out([1.0] * 6, groups) == [list(range(first, 6, groups))
                                             for first in range(groups)]
