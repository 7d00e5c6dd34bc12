"""Running stages one after the other in a run directory, those that are not complete."""

import math
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from phi4hpc import logs
from phi4hpc.deck.load import Loaded
from phi4hpc.deck.schema import Deck
from phi4hpc.device.choose import choose
from phi4hpc.device.host import Host
from phi4hpc.parallel import world
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.network import host_of_first
from phi4hpc.parallel.runcontrol import Control, Signals
from phi4hpc.parallel.together import guard
from phi4hpc.parallel.watchdog import watch
from phi4hpc.plan import require_memory, require_ranks
from phi4hpc.rundirectory.directory import RunDirectory
from phi4hpc.rundirectory.stage import Stage
from phi4hpc.stages.context import Context
from phi4hpc.stages.table import STAGES, named, with_followers


def run(names: Sequence[str], loaded: Loaded, out: Path, *, restart: bool = False,
        changed: bool = False, signals: Signals | None = None, walltime: float = math.inf) -> None:
    """Run the stages `names` in order on every rank of the world, those not complete. Collective.

    `restart` makes these stages anew and all that build on them, and leaves the others as they are;
    `signals`: those of this rank; `walltime`: seconds after which to stop. Raises Stopped where a
    signal, the walltime or a file STOP in the run directory ended it before the last stage was
    complete.
    """
    comm, deck = world.world(), loaded.deck
    with guard(comm):
        logs.start(comm.rank)
        require_ranks(deck, comm.size, names)
        require_memory(deck, comm.size, names)
        directory = RunDirectory(comm, out, STAGES, loaded.text, loaded.meaning)
        directory.open(with_followers(names) if restart else (), changed)
        logs.start(comm.rank, directory.file('logs', 'run.log'))
        todo = due(names, deck, directory)
        if not todo:
            logs.log.info('%s: nothing to do', directory.path)
            return
        device, reason = device_of(todo, deck, comm)
        logs.log.info('%s: %s, device %s (%s)', directory.path, logs.counted(comm.size, 'rank'),
                      device, reason)
        if any(stage.name == 'train' for stage in todo):
            # A fault of the network is better known now than after hours of sampling.
            host_of_first(comm)
        stop_file = directory.file('STOP')
        control = Control(comm, signals, deck.checkpoint.interval, walltime, stop_file)
        with watch(comm, directory.file('logs', 'heartbeat'), deck.patience):
            context = Context(comm, deck, directory, device, control)
            for stage in todo:
                run_stage(stage, context)
        if todo[-1].name != 'report' and directory.file('report.html').exists():
            logs.log.info('%s: is older than the stage %s; `phi4hpc run` with the same deck makes '
                          'it anew', directory.file('report.html'), todo[-1].name)


def device_of(stages: Sequence[Stage], deck: Deck, comm: Communicator) -> tuple[Any, str]:
    """Return (device, reason) for some stages; a node without a GPU can do those that need none."""
    if any(stage.on_device for stage in stages):
        return choose(deck.device, world.local_rank(comm))
    return Host(), f'{", ".join(stage.name for stage in stages)} needs no other'


def wanted(stage: Stage, deck: Deck) -> bool:
    """Return whether the deck has something for a stage to do."""
    return stage.needs is None or getattr(deck, stage.needs) is not None


def due(names: Sequence[str], deck: Deck, directory: RunDirectory) -> list[Stage]:
    """Return the stages among `names` that have something to do. Collective.

    These are not complete, or build on one that is made anew.
    """
    found: list[Stage] = []
    for stage in map(named, names):
        if not wanted(stage, deck):
            logs.log.info('%s: the deck has no section %s, nothing to do', stage.name, stage.needs)
        elif directory.done(stage.name) and not redone(found, stage):
            logs.log.info('%s: complete, skipped', stage.name)
        else:
            found.append(stage)
    return found


def redone(found: Sequence[Stage], stage: Stage) -> bool:
    """Return whether one of the stages `found` makes anew what a stage reads."""
    return any(each.name in (*stage.after, *stage.may_read) for each in found)


def run_stage(stage: Stage, context: Context) -> None:
    """Run one stage. Collective. Raises UserError where one that it builds on is not complete."""
    context.control.go_on_or_stop(f'before the stage {stage.name}')
    for earlier in map(named, stage.after):
        if wanted(earlier, context.deck):
            context.directory.require(earlier.name)
    context.directory.begin(stage.name, with_followers([stage.name]))
    note = context.directory.file('logs', 'progress.json')
    with logs.followed(note, stage.name, context.comm.rank):
        began = time.monotonic()
        import_module(f'phi4hpc.stages.{stage.name}').run(context)
        context.directory.finish(stage.name, time.monotonic() - began, context.device)
