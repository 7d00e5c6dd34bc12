"""The watch over the ranks, as seen by one of them: who is missing, and who only seems so."""

from phi4hpc.parallel.watchdog import LEFT, Pulse, exchange

PATIENCE = 10.0


def missing(*looks):
    """Return who is missing after looks (seconds, numbers of the ranks)."""
    pulse = Pulse(3, PATIENCE)
    began = pulse.looked
    return [pulse.missing(counts, began + seconds) for seconds, counts in looks][-1]


def looks(*numbers_of_rank, every=2, count=7):
    """Return `count` looks, at which rank r shows numbers_of_rank[r](i)."""
    return [(every * i, [numbers(i) for numbers in numbers_of_rank]) for i in range(1, count)]


def counting(i):
    return i


def stopped(i):
    return min(i, 1)


def test_ranks_that_count_are_alive():
    assert missing(*looks(counting, counting, counting)) == set()


def test_a_rank_that_stops_is_missed_after_the_patience():
    assert missing(*looks(counting, stopped, counting, count=6)) == set()
    assert missing(*looks(counting, stopped, counting, count=8)) == {1}


def test_a_rank_that_never_counted_is_missed():
    assert missing(*looks(counting, lambda i: 0, counting)) == {1}


def test_a_rank_that_left_is_not_missed():
    assert missing(*looks(counting, lambda i: LEFT, counting, count=20)) == set()


def test_who_was_stopped_itself_does_not_blame_the_others():
    """As when a whole job is suspended and goes on an hour later."""
    assert missing(*looks(counting, counting, counting), (3600, [7, 7, 7])) == set()
    assert missing(*looks(counting, counting, counting), (3600, [6, 6, 6])) == set()


def test_a_file_that_cannot_be_reached_blames_nobody(tmp_path):
    assert exchange(tmp_path / 'gone', 0, 1, 3) is None
    assert missing(*[(2 * i, None) for i in range(1, 20)]) == set()


def test_numbers_are_exchanged_through_the_file(tmp_path):
    path = tmp_path / 'heartbeat'
    path.write_bytes(bytes(24))
    assert exchange(path, 2, 5, 3) == [0, 0, 5]
    assert exchange(path, 0, 256, 3) == [256, 0, 5]
