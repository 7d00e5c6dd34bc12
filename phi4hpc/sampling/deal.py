"""Which rank holds which replicas: all of them in one row, chain after chain, cut into a run for
each rank.

The cut is such that no rank waits long. Each chain has its replicas of all lattices in turn, and
where chains and ranks fall into equal parts no part shares a chain with another, since ranks that
share one wait for each other at every turn of swaps: on 2 ranks 2 chains stay whole, and on 8
ranks each is shared by 4. A GPU, however, takes long for a lattice at all: where that pays more,
lattices stay together instead.

A step costs a rank something for every lattice that it has a part of, and something for each
replica. Both are measured on scratch fields before the first step; so the cut may differ from run
to run, but results do not depend on it.
"""

import math
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.schema import Deck
from phi4hpc.device.device import Device
from phi4hpc.logs import counted, log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.sampling.replicas import Replicas
from phi4hpc.sampling.tuning import step_sizes

if TYPE_CHECKING:
    from phi4hpc.storage.layout import Shape

REPEATS = 5                       # steps timed; the quickest counts
HALVINGS = 30                     # of the interval that holds the least load of the slowest rank
WAITING = 1.1                     # load of the slowest rank that is worth not sharing chains

Floats = NDArray[np.float64]
Integers = NDArray[np.integer]


def deal(comm: Communicator, device: Device, deck: Deck, shapes: Sequence['Shape']) -> Integers:
    """Return bounds (lattice, rank + 1): a rank holds the replicas bounds[:, rank] ... bounds[:,
    rank + 1] - 1.

    Collective.
    """
    totals = np.array([[len(shape.kappas) for shape in shapes]] * deck.ladder.chains)
    if comm.size == 1:
        return np.stack([0 * totals[0], totals.sum(0)], 1)
    measured = comm.gather([step_cost(device, deck, shape.L, -(-shape.rungs // comm.size))
                            for shape in shapes])
    held = None
    if measured:
        fixed, each = np.median(measured, 0).T
        held = decided(totals, fixed, each, comm.size)
        loads = load(held, fixed, each)
        log.info('sample: %s on %s; the slowest has %.1f%% more to do than the mean',
                 counted(totals.sum(), 'replica'), counted(comm.size, 'rank'),
                 100 * (loads.max() / loads.mean() - 1))
    return np.pad(np.cumsum(comm.bcast(held), 1), ((0, 0), (1, 0)))


def decided(totals: Integers, fixed: Floats, each: Floats, ranks: int) -> Integers:
    """Return the cut (lattice, rank) by which the slowest rank has least to do, or nearly so where
    whole chains stay together then."""
    parts = math.gcd(len(totals), ranks)
    by_chains = np.tile(cut(totals[:len(totals) // parts], fixed, each, ranks // parts), parts)
    by_lattices = cut(totals.sum(0)[None], fixed, each, ranks)
    chains, lattices = (load(held, fixed, each).max() for held in (by_chains, by_lattices))
    return by_chains if chains <= WAITING * lattices else by_lattices


def step_cost(device: Device, deck: Deck, L: int, share: int) -> tuple[float, float]:
    """Return the seconds of a step that a rank pays for a lattice at all, and for each replica of
    it.

    They follow from one replica and from a share of them, two at least: a GPU takes no longer for
    a few than for one.
    """
    share = max(2, share)
    one, many = (seconds(device, deck, L, replicas) for replicas in (1, share))
    each = max(many - one, 0.01 * one) / (share - 1)
    return max(one - each, 0.0), each


def seconds(device: Device, deck: Deck, L: int, replicas: int) -> float:
    """Return how long a step of some replicas takes."""
    scratch = Replicas(device, deck, L, (0, replicas))
    scratch.start()
    kappa_r, times = np.full(replicas, min(deck.ladder.pinned)), []
    sizes = {name: each.size_k for name, each in step_sizes(deck.sample, L, replicas).items()}
    for number in range(REPEATS):
        began = time.perf_counter()
        scratch.step(number, kappa_r, sizes)
        scratch.measure()
        times.append(time.perf_counter() - began)
    return min(times)


def cut(totals: Integers, fixed: Floats, each: Floats, ranks: int) -> Integers:
    """Return (lattice, rank) replicas such that the slowest rank is as quick as can be; every rank
    has at least one.

    `totals`: (chain, lattice) replicas; `fixed`: (lattice,) what a rank pays for having any
    replica of a lattice, and `each` for every one. `ranks` is at most the number of replicas.
    """
    low, high = 0.0, (fixed + each * totals.sum(0)).sum()
    for _ in range(HALVINGS):
        limit = (low + high) / 2
        fits = load(filled(totals, fixed, each, ranks, limit), fixed, each).max() <= limit
        low, high = (low, limit) if fits else (limit, high)
    return filled(totals, fixed, each, ranks, high)


def filled(totals: Integers, fixed: Floats, each: Floats, ranks: int, limit: float) -> Integers:
    """Return (lattice, rank) replicas: ranks take in turn what they can carry within `limit`, the
    last one the rest."""
    left, held = totals.copy(), np.zeros((totals.shape[1], ranks), int)
    for rank in range(ranks - 1):
        # One is left for every rank to come.
        most = left.sum() - (ranks - rank - 1)
        mine = taken(left, fixed, each, limit, most)
        held[:, rank] = mine.sum(0)
        left -= mine
    held[:, -1] = left.sum(0)
    return held


def taken(left: Integers, fixed: Floats, each: Floats, limit: float, most: int) -> Integers:
    """Return (chain, lattice) how many of the replicas that are left one rank takes, in their
    order: 1 to `most`."""
    held = np.zeros_like(left)
    for c, i in np.argwhere(left):
        limit -= 0 if held[:, i].any() else fixed[i]
        room = max(int(limit / each[i]), 0 if held.any() else 1)
        held[c, i] = min(room, left[c, i], most - held.sum())
        limit -= each[i] * held[c, i]
        if held[c, i] < left[c, i]:
            break
    return held


def load(held: Integers, fixed: Floats, each: Floats) -> Floats:
    """Return (rank,) what each rank pays for a step."""
    return fixed @ (held > 0) + each @ held
