"""<phi^4>, per site."""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$\langle\phi^4\rangle$'
NAME = 'mean of phi^4'
ESTIMATED = ('rungs', 'reconstructions')


def moments(draws: Draws) -> Moments:
    return {'phi4': draws.phi4}
