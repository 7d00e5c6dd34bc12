"""<phi^2>, per site."""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$\langle\phi^2\rangle$'
NAME = 'mean of phi^2'
ESTIMATED = ('rungs', 'reconstructions')


def moments(draws: Draws) -> Moments:
    return {'phi2': draws.phi2}
