"""How items are shared out over ranks: each owns a block of neighbours."""


def block(n: int, size: int, rank: int) -> tuple[int, int]:
    """Return the half-open range (first, last) of `n` items that `rank` of `size` owns.

    The lengths of two blocks differ by at most one.
    """
    return rank * n // size, (rank + 1) * n // size
