"""The default recipe as the sampler runs it: what the parts of a step cost, and independent draws
at kappa_c."""

from collections import defaultdict
from collections.abc import Iterable
from time import perf_counter

import numpy as np

from phi4hpc.bench.algorithms import KAPPA, LAMBDA, WIDTH, replicas
from phi4hpc.deck.load import parse
from phi4hpc.deck.schema import Deck
from phi4hpc.device.device import Device
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.sampling.cost import site_visits
from phi4hpc.sampling.lattice_sampler import LatticeSampler
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.team import Team
from phi4hpc.statistics.gamma import mean
from phi4hpc.storage.layout import Shape, owners

WARM = 20                                           # steps before the clock runs
SPACING = 1e-5                                      # of the ladder: swaps happen, all near kappa_c
FEWEST, STEPS = 4, 1000                             # replicas of a rank and steps, for tau_int

Clock = defaultdict[str, float]


def time(comm: Communicator, device: Device, L: int, precision: str,
         seconds: float) -> tuple[int, float, dict[str, float]]:
    """Return (site visits, seconds, {part: fraction}) of this rank's steps. Collective.

    Each rank has a chain of its own.
    """
    sampler = _sampler(comm, device, L, precision)
    for number in range(WARM):
        _step(sampler, number, defaultdict(float))
    clock: Clock = defaultdict(float)
    comm.Barrier()
    began, number = perf_counter(), WARM
    while (elapsed := perf_counter() - began) < seconds:
        _step(sampler, number, clock)
        number += 1
    of_a_site = site_visits(sampler.replicas.deck.sample) * (number - WARM)
    fractions = {part: spent / elapsed for part, spent in clock.items()}
    fractions['rest'] = 1 - sum(fractions.values())
    return of_a_site * L * L * len(sampler.replicas.own), elapsed, fractions


def _sampler(comm: Communicator, device: Device, L: int, precision: str) -> LatticeSampler:
    rungs = replicas(device, L)
    deck = _deck(L, precision, KAPPA + SPACING * np.arange(rungs), comm.size)
    shape = Shape(L, tuple(deck.ladder.pinned), comm.size, 1, precision)
    bounds = rungs * np.arange(comm.size + 1)
    team = Team(comm, bounds[None], [owners(shape.rungs, comm.size)], rungs)
    sampler = LatticeSampler(comm, device, deck, shape, team, 0)
    sampler.replicas.start()
    return sampler


def _deck(L: int, precision: str, kappas: Iterable[float], chains: int) -> Deck:
    rungs = ', '.join(f'{kappa:.17g}' for kappa in kappas)
    return parse(f'precision: {precision}\naction: {{lambda: {LAMBDA}}}\n'
                 f'lattice: {{sizes: [{L}]}}\n'
                 f'ladder: {{kappas: [{rungs}], chains: {chains}}}\n'
                 f'sample: {{thermalisation: {WARM}}}\n', 'bench').deck


def _step(sampler: LatticeSampler, number: int, clock: Clock) -> None:
    """Make a step, and add to the clock what each of its parts takes."""
    parts = sampler.parts(number)
    while True:
        began = perf_counter()
        part = next(parts, None)
        if part is None:
            break
        clock[part] += perf_counter() - began
    began = perf_counter()
    sampler.swap(number)
    clock['exchange'] += perf_counter() - began


def independent_draws(comm: Communicator, device: Device, L: int,
                      precision: str) -> dict[str, float]:
    """Return tau_int of |M| in steps at kappa_c(0.02), and independent draws a second and core.
    Collective."""
    count = max(FEWEST, replicas(device, L))
    deck, own = _deck(L, precision, [KAPPA], 1), block(count * comm.size, comm.size, comm.rank)
    held = Replicas(device, deck, L, own)
    held.start()
    kappas, sizes = np.full(count, KAPPA), {'metropolis': np.full(count, WIDTH)}
    modulus, elapsed = [], 0.0
    for number in range(STEPS + STEPS // 5):
        began = perf_counter()
        held.step(number, kappas, sizes)
        modulus.append(abs(held.measure()[:, 0]))
        elapsed += perf_counter() - began
    tau = mean(np.array(modulus[-STEPS:]).T).tau_int
    rate = count * len(modulus) / elapsed / (2 * tau)
    return {'tau_int': comm.allreduce(tau) / comm.size,
            'independent_draws_per_second_per_core': comm.allreduce(rate) / comm.size}
