"""<M>, M = sum_x phi(x) / Omega.

It vanishes by the Z2 symmetry, so it is estimated only where it is asked for; what it is here for
is its derivative by the latents of a model.
"""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$\langle M\rangle$'
ESTIMATED = ()


def moments(draws: Draws) -> Moments:
    return {'magnetisation': draws.magnetisation}
