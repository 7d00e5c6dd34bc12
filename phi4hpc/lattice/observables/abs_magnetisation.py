"""<|M|>, the order parameter of the broken symmetry, also where both signs of M are visited."""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$\langle|M|\rangle$'
NAME = 'absolute magnetisation'


def moments(draws: Draws) -> Moments:
    return {'abs_magnetisation': abs(draws.magnetisation)}
