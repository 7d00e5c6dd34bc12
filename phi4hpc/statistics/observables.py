"""Ensemble means of one hopping, from the series of its draws, each with its error."""

from phi4hpc.statistics.gamma import estimate, mean, obs


def cumulants(magnetisation_cn, sites):
    """Return the Estimates made of the moments of M, from its series (chain, draw).

    abs_magnetisation <|M|>; susceptibility Omega (<M^2> - <|M|>^2), which peaks at the transition also where both signs
    of M are visited; susceptibility_m2 Omega <M^2>, right in the symmetric phase; binder U_L = 1 - <M^4> / (3 <M^2>^2).
    """
    first, second, fourth = (obs(abs(magnetisation_cn) ** n) for n in (1, 2, 4))
    made = {'abs_magnetisation': first, 'susceptibility': sites * (second - first**2),
            'susceptibility_m2': sites * second, 'binder': 1 - fourth / (3 * second**2)}
    return {name: estimate(observable) for name, observable in made.items()}


def propagator(propagator_cnp):
    """Return {'value', 'error', 'tau_int'}, lists over momenta, of |phi~(p)|^2 / Omega (chain, draw, momentum)."""
    estimates = [mean(propagator_cnp[..., p]) for p in range(propagator_cnp.shape[-1])]
    return {'value': [e.value for e in estimates], 'error': [e.error for e in estimates],
            'tau_int': [e.tau_int for e in estimates]}
