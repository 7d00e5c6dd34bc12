"""`phi4hpc bench train`: draws a second of our training, and of a bare loop of PyTorch's beside it.

The bare loop is what one would write by hand: indices drawn at random, the model, the mean squared
error, Adam; on one rank, while the others wait. Ours has all that a training has: batches by strata
and moved by symmetries, costs, clipping, the sum over ranks, and a look at the validation draws
after every epoch. Draws are free fields, since no speed depends on what is learned.
"""

import json
from collections.abc import Iterator
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
from phi4hpc.parallel.together import guard

L, KAPPA, BATCH, DRAWS, VALIDATION = 32, 0.24, 128, 1664, 192        # as in the quickstart
WARM = 5                          # steps before the clock runs
MODELS: dict[str, dict[str, Any]] = {'dense': {'latents': [64]}, 'convolutional': {'block': 2}}
"""Families that are timed, with their settings."""


def train(seconds: float, as_json: bool) -> None:
    """Time each family for about `seconds` a loop. Collective.

    Prints a table, or a list of objects as JSON.
    Of several ranks, all of them work on one model first, and then each on a model of its own;
    `ranks` are those of a model, `groups` how many models were trained at once.
    """
    comm = world.world()
    with guard(comm):
        torch.set_num_threads(1)
        rows = [row for name in MODELS for row in _of_family(comm, name, seconds)]
    if comm.rank == 0:
        print(json.dumps(rows, indent=1) if as_json else table(rows))


def _of_family(comm: Communicator, name: str, seconds: float) -> Iterator[dict[str, Any]]:
    family: Family = FAMILIES.entry({name: MODELS[name]}).settings
    bare = comm.bcast(_bare(family, seconds) if comm.rank == 0 else None)
    for ranks in sorted({1, comm.size}, reverse=True):
        group = apart(comm, ranks)
        comm.Barrier()
        found = _ours(group.comm, family, seconds)
        total = sum(comm.allgather(found if group.comm.rank == 0 else 0.0))
        yield {'family': name, 'ranks': ranks, 'groups': group.count,
               'samples_per_second': total, 'bare_samples_per_second': bare}
        group.comm.Free()


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


def _bare(family: Family, seconds: float) -> float:
    """Return draws a second of a bare loop on this rank."""
    network, x_nD = _network(family), torch.from_numpy(_fields(DRAWS)).flatten(1)
    optimiser, steps, began = torch.optim.Adam(network.parameters(), 1e-4), -WARM, perf_counter()
    while (elapsed := perf_counter() - began) < seconds or steps < 1:
        x_sD = x_nD[torch.randint(len(x_nD), (BATCH,))]
        loss = (network(x_sD) - x_sD).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        steps += 1
        began = perf_counter() if steps == 0 else began
    return BATCH * steps / elapsed


def _ours(comm: Communicator, family: Family, seconds: float) -> float:
    """Return draws a second of all ranks of `comm`, which train one model."""
    share = strata(DRAWS, BATCH, comm.size, comm.rank)
    fields_nyx = torch.from_numpy(_fields(DRAWS + VALIDATION))
    phi_nyx = fields_nyx[share.bounds[0]:share.bounds[-1]]
    valid_nD = fields_nyx[DRAWS:][comm.rank::comm.size].flatten(1)
    objective = Objective([COSTS.entry({'reconstruction': {}})], observable.Ensemble(L, KAPPA, 0.0))
    steps, began = -WARM, perf_counter()
    with process_group(comm):
        learner = Learner(comm, _network(family), objective, 1e-4)
        for x_sD in _batches(share, phi_nyx):
            if x_sD is None:
                terms = objective.terms_of_draws(learner.model, valid_nD)
                objective.values_over_ranks(comm, terms)
                continue
            learner.step(x_sD, BATCH)
            steps += 1
            began = perf_counter() if steps == 0 else began
            elapsed = perf_counter() - began
            if steps % 5 == 0 and comm.bcast(steps > 0 and elapsed > seconds):
                return BATCH * steps / elapsed
    raise AssertionError('batches do not end')


def _batches(share: Any, phi_nyx: torch.Tensor) -> Iterator[torch.Tensor | None]:
    """Yield batches without end, and None after each epoch."""
    epoch = 0
    while True:
        epoch += 1
        plan = batches.plan((1,), epoch, share, L)
        for draw_s, move in zip(*plan, strict=True):
            yield batches.take(phi_nyx, draw_s, move)
        yield None


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as text."""
    lines = [f'{"family":<16}{"ranks":>6}{"groups":>8}{"draws/s":>12}{"bare loop":>12}{"ratio":>8}']
    for row in rows:
        ours, bare = row['samples_per_second'], row['bare_samples_per_second']
        lines.append(f'{row["family"]:<16}{row["ranks"]:>6}{row["groups"]:>8}{ours:>12.0f}'
                     f'{bare:>12.0f}{ours / bare:>8.2f}')
    return '\n'.join(lines)
