"""m(t) = arccosh((C(t-1) + C(t+1)) / 2 C(t)) of the correlator of time slices, t = 1, 2, ...

It is the mass where C(t) ~ cosh(m (t - L/2)), as on a periodic lattice, and it ends where noise
makes it undefined.
"""

from phi4hpc.lattice.observable import Draws, Ensemble, Mean, Means, Moments, arccosh

LABEL = '$m(t)$'
ESTIMATED = ('rungs',)
ARGUMENT = 't'


def argument(L: int) -> range:
    return range(1, L // 2)


def moments(draws: Draws) -> Moments:
    return {'correlator': draws.correlator}


def value(mean: Means, ensemble: Ensemble) -> list[Mean]:
    slices, masses = mean['correlator'], []
    for before, now, after in zip(slices, slices[1:], slices[2:], strict=False):
        ratio = (before + after) / (2 * now)
        if not (now > 0 and ratio > 1):
            break
        masses.append(arccosh(ratio))
    return masses
