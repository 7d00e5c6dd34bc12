"""`phi4hpc bench train`: draws a second of our training, and of a bare loop of PyTorch's beside it.

The bare loop is what one would write by hand: indices drawn at random, the model, the mean squared
error, Adam as torch has it by default. Ours has all that a training has: batches by strata and
moved by symmetries, costs, clipping, the sum over ranks, and a look at the validation draws after
every epoch. Draws are free fields, since no speed depends on what is learned.

Of several ranks all work on one model, and then each on one of its own. Both are compared with the
bare loop and with ours, on rank 0 alone while the others sleep: the second says what more ranks
give. The bare loop also runs on all ranks at once, each with a model of its own: what that gives is
the most that groups of one rank can give, since cores share caches, memory and a clock.

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
from phi4hpc.parallel.groups import Group, apart
from phi4hpc.parallel.together import all_come, guard

L, KAPPA, BATCH = 32, 0.24, 128     # the batch is a deck's default
DRAWS, VALIDATION = 1664, 192     # about as in the quickstart
STEPS = DRAWS // BATCH            # in an epoch
ROUNDS = 15                       # at least
MODELS: list[dict[str, dict[str, Any]]] = [
    {'dense': {'latents': [64]}}, {'convolutional': {'block': 4}}, {'convolutional': {'block': 2}}]
"""What is timed, as a deck has it."""
Loop = Callable[[], None]
"""Makes the steps of one epoch."""


def main(seconds: float, as_json: bool) -> None:
    """Time each model for about `seconds` a loop, 15 epochs at least. Collective.

    Prints a table, or a list of objects as JSON. `ranks` are those of a model, `groups` how many
    models were trained at once. Rates are those of all ranks together.
    """
    comm = world.world()
    with guard(comm):
        torch.set_num_threads(1)
        with process_group(comm):
            rows = [row for model in MODELS for row in _of_model(comm, model, seconds)]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


def _of_model(comm: Communicator, model: dict[str, dict[str, Any]],
              seconds: float) -> Iterator[dict[str, Any]]:
    entry = FAMILIES.entry(model)
    groups = [apart(comm, ranks) for ranks in sorted({1, comm.size}, reverse=True)]
    loops = _loops(comm, entry.settings, groups)

    def rates() -> dict[str, float]:
        return {name: _rate(comm, *loop) for name, loop in loops.items()}

    rounds = max(ROUNDS, round(seconds * rates()['bare'] / DRAWS))
    found = [rates() for _ in range(rounds)]
    rate_t = {name: np.array([each[name] for each in found]) for name in loops}
    for group in groups:
        yield {'family': entry.name, 'latent': entry.settings.sizes(L)[0],
               'ranks': comm.size // group.count, 'groups': group.count,
               **_compared(rate_t[str(group.count)], rate_t)}
        group.comm.Free()


def _loops(comm: Communicator, family: Family,
           groups: list[Group]) -> dict[str, tuple[Loop | None, bool]]:
    """Return the loops by name: this rank's, if it has one, and whether its draws are counted.

    `bare` and `alone` run on rank 0 alone, the latter being ours; `bare at once` on all ranks. The
    others are ours, named by the number of groups.
    """
    bare, ours = _bare(family), {group.count: _ours(group.comm, family) for group in groups}
    first = comm.rank == 0
    return {'bare': (bare if first else None, first),
            'alone': (ours[comm.size] if first else None, first),
            'bare at once': (bare, True),
            **{str(group.count): (ours[group.count], group.comm.rank == 0) for group in groups}}


def _compared(ours_t: np.ndarray, rate_t: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the rates of a row, and ratios of them within a round."""
    return {'samples_per_second': float(np.median(ours_t)),
            'bare_samples_per_second': float(np.median(rate_t['bare'])),
            'bare_at_once_samples_per_second': float(np.median(rate_t['bare at once'])),
            'ratio': _quartiles(ours_t / rate_t['bare']),
            'ratio_at_once': _quartiles(ours_t / rate_t['bare at once']),
            'ratio_to_one_rank': _quartiles(ours_t / rate_t['alone'])}


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
    lines = [f'{"family":<16}{"d":>4}{"ranks":>7}{"groups":>8}{"draws/s":>10}'
             f'{"to ours, one rank":>20}{"to a bare loop":>20}{"to bare at once":>20}']
    for row in rows:
        ratios = (row[f'ratio{to}'] for to in ('_to_one_rank', '', '_at_once'))
        lines.append(f'{row["family"]:<16}{row["latent"]:>4}{row["ranks"]:>7}{row["groups"]:>8}'
                     f'{row["samples_per_second"]:>10.0f}'
                     + ''.join(f'{_spelt(ratio):>20}' for ratio in ratios))
    return '\n'.join(lines)


def _spelt(ratio: list[float]) -> str:
    lower, median, upper = ratio
    return f'{median:.2f} ({lower:.2f}, {upper:.2f})'
