"""The stages of a study, each handed deck, communicator and device: sample -> train -> analyse -> report."""

import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from phi4hpc import logs, mpi
from phi4hpc.deck.plan import require_ranks
from phi4hpc.deck.schema import Deck
from phi4hpc.device.choose import choose
from phi4hpc.rundirectory import RunDirectory


@dataclass(frozen=True)
class Context:
    """What a stage works with: `directory` is the run directory, `device` what kernels run on."""

    comm: Any
    deck: Deck
    directory: RunDirectory
    device: Any


def run(names, loaded, out, restart=False, changed=False):
    """Run the stages `names` in order on every rank of the world, skipping those that are complete. Collective."""
    comm = mpi.world()
    with mpi.guard(comm):
        logs.start(comm.rank)
        require_ranks(loaded.deck, comm.size)
        directory = RunDirectory(comm, out, loaded.text, loaded.meaning)
        directory.open(restart, changed)
        logs.start(comm.rank, directory.file('logs', 'run.log'))
        device, reason = choose(loaded.deck.device, mpi.local_rank(comm))
        logs.log.info('%s: %d ranks, device %s (%s)', directory.path, comm.size, device, reason)
        context = Context(comm, loaded.deck, directory, device)
        for name in names:
            run_stage(name, context)


def run_stage(name, context):
    """Run one stage, unless it is complete or the deck has nothing for it."""
    if name in ('train', 'analyse') and context.deck.train is None:
        logs.log.info('%s: the deck has no section train, nothing to do', name)
        return
    if context.directory.done(name):
        logs.log.info('%s: complete, skipped', name)
        return
    began = time.monotonic()
    import_module(f'phi4hpc.stages.{name}').run(context)
    context.directory.finish(name, time.monotonic() - began, context.device)
