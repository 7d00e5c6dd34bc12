"""All parts of the analysis of a small model, and stops in the midst of them."""

import json
from functools import partial
from types import SimpleNamespace

import numpy as np

from phi4hpc.latent import (
    ablation,
    analysis,
    distribution,
    encoder,
    gaussian,
    information,
    learned,
    metric,
    momentum,
    precision,
)
from phi4hpc.latent.reconstruct import reconstruct
from phi4hpc.latent.tally import Tally
from phi4hpc.lattice.observable import Ensemble, load
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.stages.reconstructions import reconstructions
from tests.autoencoders import free_propagator, moved, network

SIZE, LATENT = 6, 7


def dense():
    """A model with no weight left at its start."""
    power_yx = np.random.default_rng(1).uniform(0.5, 2, (SIZE, SIZE))
    made = network('dense', LATENT, SIZE, propagator_yx=power_yx + power_yx.T, hidden=20)
    return moved(made, 0.1)


def bits(comm, tally, total=20):
    """Return what every part finds, as bytes."""
    model = dense()
    learn_nyx, phi_nyx = (np.random.default_rng(seed).standard_normal((total, SIZE, SIZE))
                          for seed in (1, 2))
    first, last = block(total, comm.size, comm.rank)
    learn, share = [learn_nyx[first:last]], (phi_nyx[first:last], first, total)
    mapped, own = partial(reconstruct, model), (comm, model, *share)
    found = analysis.analyse(*own, 3, {'binder': load('binder')}, Ensemble(SIZE, 0.26, 0.02), tally)
    directions = metric.analyse(*own, tally)
    found |= {
        'momentum': momentum.analyse(*own, 0.02, tally),
        'distribution': distribution.analyse(*own, tally),
        'precision': precision.analyse(*own, tally),
        'gaussian': gaussian.analyse(comm, model, free_propagator(SIZE), (1,), last - first,
                                     first, total, tally),
        'information': information.analyse(comm, mapped, learn, *share, tally),
        'metric': directions.found,
        'ablation': ablation.analyse(comm, model, directions, learn, *share, tally),
        'learned': learned.analyse(comm, mapped, np.zeros_like, LATENT, learn, *share, tally),
        'encoder': encoder.analyse(comm, model, directions, learn, learn, *share, tally)}
    return {f'{group}/{name}': np.asarray(array).tobytes()
            for group, arrays in found.items() for name, array in arrays.items()}


def stored(phi_kcnyx, kappas=(0.24, 0.25, 0.26)):
    """Return what reads the draws of a lattice, with these in the place of a file."""
    _, chains, draws, L, _ = phi_kcnyx.shape
    return SimpleNamespace(L=L, kappas=kappas, chains=chains, draws=draws, fields=draws,
                           phi=phi_kcnyx, rung={kappa: k for k, kappa in enumerate(kappas)}.get)


def ladder(comm, tally, lattice=None, network=None):
    """Return the entries of reconstructions.json of a model that was trained at the second kappa.
    """
    if lattice is None:
        lattice = stored(np.random.default_rng(3).standard_normal((3, 2, 40, SIZE, SIZE)))
    deck = SimpleNamespace(action=SimpleNamespace(lam=0.02), train=SimpleNamespace(held_out=0.5),
                           measure=SimpleNamespace(observables=[]))
    model = SimpleNamespace(L=lattice.L, kappa=0.25, latent=LATENT, name='model')
    return reconstructions(SimpleNamespace(comm=comm, deck=deck), model, network or dense(),
                           lattice, tally)


def ladder_bits(comm, tally, total=None):
    return json.dumps(ladder(comm, tally))


class Meetings:
    """Pieces of work before each of which the ranks meet; at some meeting they all stop."""

    def __init__(self, comm, last=None):
        self.comm, self.left, self.done = comm, last, 0

    def each(self, pieces):
        rest, nothing = iter(pieces), object()
        while any(self.comm.allgather((piece := next(rest, nothing)) is not nothing)):
            if self.left == 0:
                raise Stopped('in a test')
            self.left = self.left and self.left - 1
            if piece is not nothing:
                self.done += 1
                yield piece


def share(comm):
    """Return how a Tally is told which rank it is on."""
    return f'{comm.rank}of{comm.size}'


def bits_with_stops(comm, folder, last, total=20, found_by=bits):
    """Return what all parts find in runs that stop after some meetings, the pieces that were done
    in all, and the runs."""
    done, runs = 0, 0
    while True:
        meetings = Meetings(comm, last)
        runs += 1
        try:
            found = found_by(comm, Tally(meetings.each, folder, share=share(comm)), total)
            return found, done + meetings.done, runs
        except Stopped:
            done += meetings.done
