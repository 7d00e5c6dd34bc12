"""The stages of a study, each handed deck, communicator and device: sample -> train -> analyse -> report."""

import math
import time
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from phi4hpc import logs
from phi4hpc.deck.plan import require_ranks
from phi4hpc.deck.schema import Deck
from phi4hpc.device.choose import choose
from phi4hpc.parallel import world
from phi4hpc.parallel.runcontrol import Control
from phi4hpc.parallel.watchdog import watch
from phi4hpc.rundirectory import RunDirectory


@dataclass(frozen=True)
class Context:
    """What a stage works with: `directory` is the run directory, `device` what kernels run on.

    `control` tells the ranks after each step of a loop whether to write a checkpoint or to stop.
    """

    comm: Any
    deck: Deck
    directory: RunDirectory
    device: Any
    control: Control


def run(names, loaded, out, *, restart=False, changed=False, signals=None, walltime=math.inf):
    """Run the stages `names` in order on every rank of the world, skipping those that are complete. Collective.

    `signals`: this rank's runcontrol.Signals; `walltime`: seconds after which to stop. Raises Stopped where a signal,
    the walltime or a file STOP in the run directory ended it before the last stage was complete.
    """
    comm, deck = world.world(), loaded.deck
    with world.guard(comm):
        logs.start(comm.rank)
        require_ranks(deck, comm.size, names)
        directory = RunDirectory(comm, out, loaded.text, loaded.meaning)
        directory.open(restart, changed)
        logs.start(comm.rank, directory.file('logs', 'run.log'))
        todo = [name for name in names if due(name, deck, directory)]
        if not todo:
            logs.log.info('%s: nothing to do', directory.path)
            return
        device, reason = choose(deck.device, world.local_rank(comm))
        logs.log.info('%s: %d ranks, device %s (%s)', directory.path, comm.size, device, reason)
        control = Control(comm, signals, deck.checkpoint.interval, walltime, directory.file('STOP'))
        with watch(comm, directory.file('logs', 'heartbeat'), deck.patience):
            context = Context(comm, deck, directory, device, control)
            for name in todo:
                run_stage(name, context)


def due(name, deck, directory):
    """Return whether a stage is to be run: the deck has something for it, and it is not complete. Collective."""
    if name in ('train', 'analyse') and deck.train is None:
        logs.log.info('%s: the deck has no section train, nothing to do', name)
        return False
    if directory.done(name):
        logs.log.info('%s: complete, skipped', name)
        return False
    return True


def run_stage(name, context):
    """Run one stage. Collective."""
    context.control.go_on_or_stop(f'before the stage {name}')
    context.directory.begin(name)
    with logs.followed(context.directory.file('logs', 'progress.json'), name, context.comm.rank):
        began = time.monotonic()
        import_module(f'phi4hpc.stages.{name}').run(context)
        context.directory.finish(name, time.monotonic() - began, context.device)
