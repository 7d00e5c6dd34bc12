"""Independent replicas of one hopping, and how their means are held against exact results.

Replicas are independent of each other whatever the autocorrelation within them, so the scatter of
their means is an honest error with no window to choose.
"""

from types import SimpleNamespace

import numpy as np

from phi4hpc.deck.algorithms import algorithm, names
from phi4hpc.sampling.replicas import Replicas

SEED = 20230914
ALGORITHMS = {
    'metropolis': [{'metropolis': 1}],
    'overrelaxation': [{'metropolis': 1}, {'overrelaxation': 3}],
    'cluster': [{'metropolis': 1}, {'cluster': 1}],
    'leapfrog': [{'hmc': 1}],
    'omelyan': [{'hmc': 1}],
    'recipe': [{'metropolis': 1}, {'overrelaxation': 7}, {'cluster': 1}],
}
OLD = {name for recipe in ALGORITHMS.values() for entry in recipe for name in entry}
NEW = sorted(set(names()) - OLD)
ALGORITHMS |= {name: [*([] if algorithm(name).ERGODIC else [{'metropolis': 1}]), {name: 1}]
               for name in NEW}
"""Recipes, each held against all that is exact: every algorithm with no more beside it than it
needs to reach every field, and what a deck does by default. Two are named by the integrator of
their trajectories. An algorithm that is new comes by its name."""
LENGTH = 1.5
"""Of a trajectory."""


def start(device, L, lam, algorithm, replicas, precision):
    """Return Replicas of one of ALGORITHMS after a cold start, which accepts trajectories."""
    recipe, hmc = ALGORITHMS[algorithm], SimpleNamespace(integrator=algorithm, length=LENGTH)
    deck = SimpleNamespace(seed=SEED, precision=precision, action=SimpleNamespace(lam=lam),
                           ladder=SimpleNamespace(rungs=1),
                           sample=SimpleNamespace(recipe=recipe, start='cold', hmc=hmc))
    held = Replicas(device, deck, L, (0, replicas))
    held.start()
    return held


def densities(held):
    """Return the kernels' own per-site densities (replica, 4)."""
    return held.measure()


def observe(device, L, kappa, lam, algorithm='metropolis', *, observable=densities, replicas=64,
            draws=500, spacing=4, width=1.8, precision='float32'):
    """Return (draw, replica, ...) values of `observable(replicas)`, `spacing` steps of the recipe
    apart.

    `kappa`: of all replicas, or (r,) of each; `width`: half of Metropolis' proposals. A trajectory
    has the more steps the stiffer the action.
    """
    held = start(device, L, lam, algorithm, replicas, precision)
    kappa_r = np.full(replicas, kappa)
    sizes = {'metropolis': np.full(replicas, width), 'hmc': np.full(replicas, 0.25 / (1 + 3 * lam))}
    for name in (name for name in NEW if hasattr(algorithm(name), 'step_size')):
        sizes[name] = np.full(replicas, algorithm(name).step_size(held.deck.sample, L).first)
    thermalisation, values = draws * spacing // 5, []
    for number in range(thermalisation + draws * spacing):
        held.step(number, kappa_r, sizes)
        if number >= thermalisation and (number - thermalisation) % spacing == spacing - 1:
            values.append(observable(held))
    return np.array(values)


def binder(square_nr):
    """Return (1, replica) values whose mean is U_L and whose scatter its error, by leaving out a
    replica at a time.

    `square_nr`: M^2.
    """
    count, m2_r, m4_r = square_nr.shape[1], square_nr.mean(0), (square_nr**2).mean(0)
    rest_2r, rest_4r = ((m.sum() - m) / (count - 1) for m in (m2_r, m4_r))
    whole, without_r = (1 - m4 / (3 * m2**2) for m2, m4 in (
        (m2_r.mean(), m4_r.mean()), (rest_2r, rest_4r)))
    return (count * whole - (count - 1) * without_r)[None]


def assert_agrees(values_nr, exact, within, limit=4.0, scale=None):
    """Assert that the mean is exact, |z| < `limit`, with an error that lets an excess of `within`
    (relative) be seen.

    `values_nr`: (draw, replica, ...); exact: (...). The error is the scatter of replica means.
    `scale`: what `within` is relative to, where not to what is exact.
    """
    means_r, scale = values_nr.mean(0), np.abs(exact) if scale is None else scale
    error = means_r.std(0, ddof=1) / np.sqrt(len(means_r))
    assert (limit * error < within * scale).all(), f'too few draws: relative errors {error / scale}'
    z = (means_r.mean(0) - exact) / error
    assert (np.abs(z) < limit).all(), f'mean {means_r.mean(0)}, exact {exact}, z = {z}'
