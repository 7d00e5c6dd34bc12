"""`phi4hpc bench train`: draws a second of our training, and of a bare loop of PyTorch's beside it.

The bare loop is what one would write by hand: indices drawn at random, the model, the mean squared
error, Adam as torch has it by default. It runs on rank 0 alone while the others sleep, and on all
ranks at once, each with a model of its own: what that gives is the most that groups of one rank can
give, since cores share caches, memory and a clock. Ours has all that a training has: batches by
strata and moved by symmetries, costs, clipping, the sum over ranks, and a look at the validation
draws after every epoch. Draws are free fields, since no speed depends on what is learned.

The loops take turns, an epoch each. A rate is the median over these rounds, and a ratio that of the
ratios within a round, with quartiles: what slows the machine down for a while slows down all loops
of a round alike. On a busy machine such medians of 15 rounds differed a fifth as much from run to
run as ratios of the best epochs. But where others use one of the cores, loops on all ranks are held
up and a loop on one rank is not: the ratios of several ranks are those of an idle machine only
where the quartiles are close to each other.
"""

import itertools
import json
import math
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
import torch

from phi4hpc.blockspin import batches
from phi4hpc.blockspin.autoencoder import Autoencoder, build
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.family import Family
from phi4hpc.blockspin.learner import Learner
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.shards import strata
from phi4hpc.deck.schema import COSTS, FAMILIES
from phi4hpc.lattice import observable
from phi4hpc.lattice.exact import free_propagator
from phi4hpc.parallel import world
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.groups import apart
from phi4hpc.parallel.together import all_come, guard

L, KAPPA, BATCH = 32, 0.24, 128     # the batch is a deck's default
DRAWS, VALIDATION = 1664, 192     # about as in the quickstart
STEPS = DRAWS // BATCH            # in an epoch
ROUNDS = 15                       # at least
MODELS: dict[str, dict[str, Any]] = {'dense': {'latents': [64]}, 'convolutional': {}}
"""Families that are timed, with their settings."""
Loop = Callable[[], None]
"""Makes the steps of one epoch."""


def train(seconds: float, as_json: bool) -> None:
    """Time each family for about `seconds` a loop, 15 epochs at least. Collective.

    Prints a table, or a list of objects as JSON. Of several ranks, all of them work on one model,
    and then each on a model of its own; `ranks` are those of a model, `groups` how many models were
    trained at once. Rates are those of all ranks together.
    """
    comm = world.world()
    with guard(comm):
        torch.set_num_threads(1)
        with process_group(comm):
            rows = [row for name in MODELS for row in _of_family(comm, name, seconds)]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


def _of_family(comm: Communicator, name: str, seconds: float) -> Iterator[dict[str, Any]]:
    family: Family = FAMILIES.entry({name: MODELS[name]}).settings
    groups = [apart(comm, ranks) for ranks in sorted({1, comm.size}, reverse=True)]
    bare = _bare(family)
    loops = {'bare': bare if comm.rank == 0 else None, 'at once': bare,
             **{str(group.count): _ours(group.comm, family) for group in groups}}
    counted = {'bare': comm.rank == 0, 'at once': True,
               **{str(group.count): group.comm.rank == 0 for group in groups}}

    def rates() -> dict[str, float]:
        return {loop: _rate(comm, loops[loop], counted[loop]) for loop in loops}

    rounds = max(ROUNDS, round(seconds * rates()['bare'] / DRAWS))
    found = [rates() for _ in range(rounds)]
    rate_t = {loop: np.array([each[loop] for each in found]) for loop in loops}
    for group in groups:
        ours_t = rate_t[str(group.count)]
        yield {'family': name, 'ranks': comm.size // group.count, 'groups': group.count,
               'samples_per_second': float(np.median(ours_t)),
               'bare_samples_per_second': float(np.median(rate_t['bare'])),
               'bare_at_once_samples_per_second': float(np.median(rate_t['at once'])),
               'ratio': _quartiles(ours_t / rate_t['bare']),
               'ratio_at_once': _quartiles(ours_t / rate_t['at once'])}
        group.comm.Free()


def _rate(comm: Communicator, loop: Loop | None, counted: bool) -> float:
    """Return draws a second in an epoch, of the ranks whose draws are `counted`. Collective.

    Ranks without a loop sleep until the others are done.
    """
    comm.Barrier()
    began = perf_counter()
    if loop:
        loop()
    elapsed = perf_counter() - began
    all_come(comm, math.inf)
    return comm.allreduce(STEPS * BATCH / elapsed if counted else 0.0)


def _quartiles(ratio_t: np.ndarray) -> list[float]:
    """Return the lower quartile, the median and the upper quartile."""
    return np.quantile(ratio_t, [0.25, 0.5, 0.75]).tolist()


def _fields(count: int) -> np.ndarray:
    """Return free fields (n, y, x) in float32."""
    p = 2 * np.pi * np.arange(L) / L
    amplitude_yx = np.sqrt(free_propagator(KAPPA, (p[:, None], p)))
    noise_nyx = np.random.default_rng(1).standard_normal((count, L, L))
    return np.fft.ifft2(np.fft.fft2(noise_nyx) * amplitude_yx).real.astype(np.float32)


def _network(family: Family) -> Autoencoder:
    p = 2 * np.pi * np.arange(L) / L
    ensemble = MeasuredEnsemble(L, KAPPA, 0.0, free_propagator(KAPPA, (p[:, None], p)), (1,))
    return build(family, family.sizes(L)[0], ensemble)


def _bare(family: Family) -> Loop:
    """Return a bare loop on this rank."""
    network, x_nD = _network(family), torch.from_numpy(_fields(DRAWS)).flatten(1)
    optimiser = torch.optim.Adam(network.parameters(), 1e-4)

    def loop() -> None:
        for _ in range(STEPS):
            x_sD = x_nD[torch.randint(len(x_nD), (BATCH,))]
            loss = (network(x_sD) - x_sD).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return loop


def _ours(comm: Communicator, family: Family) -> Loop:
    """Return the loop of a training on the ranks of `comm`."""
    share = strata(DRAWS, BATCH, comm.size, comm.rank)
    fields_nyx = torch.from_numpy(_fields(DRAWS + VALIDATION))
    phi_nyx = fields_nyx[share.bounds[0]:share.bounds[-1]]
    valid_nD = fields_nyx[DRAWS:][comm.rank::comm.size].flatten(1)
    objective = Objective([COSTS.entry({'reconstruction': {}})], observable.Ensemble(L, KAPPA, 0.0))
    learner, epochs = Learner(comm, _network(family), objective, 1e-4), itertools.count(1)

    def loop() -> None:
        plan = batches.plan((1,), next(epochs), share, L)
        for draw_s, move in zip(*plan, strict=True):
            learner.step(batches.take(phi_nyx, draw_s, move), BATCH)
        objective.values_over_ranks(comm, objective.terms_of_draws(learner.model, valid_nD))

    return loop


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text; behind a ratio stand its quartiles."""
    lines = [f'{"family":<16}{"ranks":>6}{"groups":>8}{"draws/s":>12}{"bare loop":>12}{"ratio":>18}'
             f'{"bare at once":>14}{"ratio":>18}']
    for row in rows:
        ours, bare, at_once = (row[f'{loop}samples_per_second']
                               for loop in ('', 'bare_', 'bare_at_once_'))
        ratio, of_at_once = map(_spelt, (row['ratio'], row['ratio_at_once']))
        lines.append(f'{row["family"]:<16}{row["ranks"]:>6}{row["groups"]:>8}{ours:>12.0f}'
                     f'{bare:>12.0f}{ratio:>18}{at_once:>14.0f}{of_at_once:>18}')
    return '\n'.join(lines)


def _spelt(ratio: list[float]) -> str:
    lower, median, upper = ratio
    return f'{median:.2f} ({lower:.2f}, {upper:.2f})'
