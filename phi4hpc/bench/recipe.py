"""The default recipe as the sampler runs it: what the parts of a step cost, and independent draws at kappa_c."""

from collections import Counter
from time import perf_counter

import numpy as np

from phi4hpc.bench.algorithms import KAPPA, LAMBDA, WIDTH, replicas
from phi4hpc.deck.load import parse
from phi4hpc.parallel.world import block
from phi4hpc.sampling.cost import site_visits
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.team import Team
from phi4hpc.sampling.walk import Walk
from phi4hpc.statistics.gamma import mean
from phi4hpc.storage.layout import Shape, owners

WARM = 20                                           # steps before the clock runs
SPACING = 1e-5                                      # of the ladder, so that swaps happen and all rungs are near kappa_c
FEWEST, STEPS = 4, 1000                             # replicas of a rank, and their steps, from which tau_int is taken


def time(comm, device, L, precision, seconds):
    """Return (site visits, seconds, {part: fraction}) of this rank's steps, of a chain of its own. Collective."""
    walk, clock = _walk(comm, device, L, precision), Counter()
    for owner, name in [(walk.replicas.fields, name) for name, _ in walk.replicas.recipe] + [
            (walk.replicas.fields, 'measure'), (walk, 'exchange')]:
        _watch(owner, name, clock)
    for number in range(WARM):
        _step(walk, number)
    clock.clear()
    comm.Barrier()
    began, number = perf_counter(), WARM
    while (elapsed := perf_counter() - began) < seconds:
        _step(walk, number)
        number += 1
    visits = sum(site_visits(name, walk.replicas.deck.sample.hmc) * sweeps for name, sweeps in walk.replicas.recipe)
    fractions = {part: spent / elapsed for part, spent in clock.items()}
    fractions['rest'] = 1 - sum(fractions.values())
    return visits * L * L * len(walk.replicas.own) * (number - WARM), elapsed, fractions


def _walk(comm, device, L, precision):
    rungs = replicas(device, L)
    deck = _deck(L, precision, KAPPA + SPACING * np.arange(rungs), comm.size)
    shape = Shape(L, tuple(deck.ladder.kappas), comm.size, 1, precision)
    bounds = rungs * np.arange(comm.size + 1)
    team = Team(comm, bounds[None], [owners(shape.rungs, comm.size)], rungs)
    walk = Walk(comm, device, deck, shape, team, 0)
    walk.replicas.start()
    return walk


def _deck(L, precision, kappas, chains):
    rungs = ', '.join(f'{kappa:.17g}' for kappa in kappas)
    return parse(f'precision: {precision}\naction: {{lambda: {LAMBDA}}}\nlattice: {{sizes: [{L}]}}\n'
                 f'ladder: {{kappas: [{rungs}], chains: {chains}}}\nsample: {{thermalisation: {WARM}}}\n', 'bench').deck


def _watch(owner, name, clock):
    """Let the clock add up the time that goes into a method."""
    method = getattr(owner, name)

    def timed(*args):
        began = perf_counter()
        done = method(*args)
        clock[name] += perf_counter() - began
        return done

    setattr(owner, name, timed)


def _step(walk, number):
    walk.step(number)
    walk.exchange(number)


def independent_draws(comm, device, L, precision):
    """Return tau_int of |M| in steps at kappa_c(0.02), and independent draws a second and core. Collective."""
    count = max(FEWEST, replicas(device, L))
    held = Replicas(device, _deck(L, precision, [KAPPA], 1), L, block(count * comm.size, comm.size, comm.rank))
    held.start()
    kappas, sizes, modulus, elapsed = np.full(count, KAPPA), {'metropolis': np.full(count, WIDTH)}, [], 0.0
    for number in range(STEPS + STEPS // 5):
        began = perf_counter()
        held.step(number, kappas, sizes)
        modulus.append(abs(held.measure()[:, 0]))
        elapsed += perf_counter() - began
    tau = mean(np.array(modulus[-STEPS:]).T).tau_int
    rate = count * len(modulus) / elapsed / (2 * tau)
    return {'tau_int': comm.allreduce(tau) / comm.size,
            'independent_draws_per_second_per_core': comm.allreduce(rate) / comm.size}
