"""What is known of the world without starting one: the launcher's marks, how items are shared."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.world import RANK_SIZE, launcher


@settings(deadline=None)
@given(n=st.integers(0, 1000), size=st.integers(1, 64))
def test_blocks_are_contiguous_and_differ_by_at_most_one(n, size):
    blocks = [block(n, size, rank) for rank in range(size)]
    assert blocks[0][0] == 0
    assert blocks[-1][1] == n
    assert all(a[1] == b[0] for a, b in zip(blocks[:-1], blocks[1:], strict=True))
    lengths = [last - first for first, last in blocks]
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(('marks', 'expected'), [
    ({}, (0, None)),
    ({'OMPI_COMM_WORLD_RANK': '3', 'OMPI_COMM_WORLD_SIZE': '8'}, (3, 8)),
    ({'PMI_RANK': '1', 'PMI_SIZE': '2'}, (1, 2)),
    ({'PMIX_RANK': '2'}, (2, None)),
    ({'SLURM_PROCID': '5', 'SLURM_STEP_NUM_TASKS': '6'}, (5, 6)),
], ids=['none', 'Open MPI', 'MPICH', 'PMIx', 'Slurm'])
def test_the_launcher_is_read_from_the_environment(monkeypatch, marks, expected):
    for names in RANK_SIZE:
        for name in filter(None, names):
            monkeypatch.delenv(name, raising=False)
    for name, value in marks.items():
        monkeypatch.setenv(name, value)
    assert launcher() == expected
