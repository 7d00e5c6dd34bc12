"""<H> / Omega, H = sum_{x,mu} phi(x) phi(x+mu)."""

from phi4hpc.lattice.observable import Draws, Moments

LABEL = r'$\langle H\rangle/\Omega$'
NAME = 'hopping energy'


def moments(draws: Draws) -> Moments:
    return {'hopping': draws.hopping}
