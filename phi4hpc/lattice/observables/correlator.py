"""C(t) = sum_x <phi(0, 0) phi(x, t)>, the correlator of time slices."""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = '$C(t)$'
NAME = 'correlator of time slices'
ESTIMATED = ('rungs',)
ARGUMENT = 't'


def argument(L: int) -> range:
    return range(L // 2 + 1)


def moments(draws: Draws) -> Moments:
    return {'correlator': draws.correlator}
