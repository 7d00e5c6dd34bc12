"""The loop that makes draws: step, measure, swap, keep; the same bits on any number of ranks.

All lattices of the deck step together, their replicas dealt out to the ranks. A step is one pass
of the recipe and one turn of swaps, before which the ranks of a team, who share chains, report on
their replicas to each other. Thermalisation tunes the step sizes during its first four fifths;
then they are frozen. Draws of a lattice go a few at a time to the owners of their rungs, who write
them, and are committed when a block of them is full. A checkpoint is written when the run's
control asks for one, right after every lattice has committed, so that file and checkpoint agree.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.deck.algorithms import recipe
from phi4hpc.deck.schema import Deck
from phi4hpc.device.device import Device
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.runcontrol import Action, Control, Stopped
from phi4hpc.sampling.algorithm import require_streams
from phi4hpc.sampling.deal import deal
from phi4hpc.sampling.draws import Draws
from phi4hpc.sampling.lattice_sampler import LatticeSampler
from phi4hpc.sampling.team import Team, summed
from phi4hpc.storage import checkpoint
from phi4hpc.storage.layout import Shape
from phi4hpc.storage.writer import Writer


class Sampler:
    """Samples the lattices `shapes` of a deck on all ranks of `comm`, into `writer`, with
    checkpoints in `folder`.

    `control`: the runcontrol.Control that is asked after every step.
    """

    def __init__(self, comm: Communicator, device: Device, deck: Deck, shapes: Sequence[Shape],
                 writer: Writer, folder: Path, control: Control) -> None:
        self.comm, self.plan, self.control = comm, deck.sample, control
        self.folder, self.generations, self.device = folder, deck.checkpoint.keep, device
        require_streams(dict(recipe(deck.sample)))
        self.bounds = deal(comm, device, deck, shapes)
        owners = [writer.owners(shape.L) for shape in shapes]
        team = Team(comm, self.bounds, owners, deck.ladder.rungs)
        self.lattices = [LatticeSampler(comm, device, deck, shape, team, number)
                         for number, shape in enumerate(shapes)]
        self.draws = [Draws(comm, writer, lattice, number)
                      for number, lattice in enumerate(self.lattices)]
        self.writer, self.total, self.steps = writer, deck.sample.steps, 0
        self.stalled = 0.0                               # seconds that draws took from sampling

    def run(self) -> None:
        """Thermalise and make all draws, from the last checkpoint where there is one. Collective.

        Raises Stopped, with everything saved, where the control says so.
        """
        self._resume_or_start()
        self.control.begin()
        began = time.monotonic()
        with Progress('sample', self.total, self.comm.rank) as progress:
            progress.skip(self.steps)
            while self.steps < self.total:
                self.advance()
                progress.advance()
                action = self.control.ask()
                if action or self.steps == self.total:
                    self.save()
                if action is Action.STOP:
                    raise Stopped(f'after {self.steps} of {self.total} steps')
        elapsed = max(time.monotonic() - began, 1e-9)
        log.info('sample: %.1f s, and bringing draws to the file took %.1f%% of it', elapsed,
                 100 * self.stalled / elapsed)

    def advance(self) -> None:
        """Make one step of every lattice: the recipe, a measurement, a draw where it is time for
        one, and swaps."""
        drawn = self.steps + 1 - self.plan.thermalisation
        for lattice in self.lattices:
            lattice.step(self.steps)
        for lattice, draws in zip(self.lattices, self.draws, strict=True):
            if drawn > 0 and drawn % self.plan.spacing == 0:
                self._stall(draws.keep, *lattice.draw())
            lattice.swap(self.steps)
            if draws.full:
                self._stall(draws.commit)
        self.steps += 1

    def _stall(self, act: Callable[..., Any], *args: Any) -> None:
        """Do something for the file in place of sampling, and count how long that takes."""
        began = time.monotonic()
        act(*args)
        self.stalled += time.monotonic() - began

    def save(self) -> None:
        """Commit the draws of every lattice, then write a checkpoint. Collective."""
        for draws in self.draws:
            self._stall(draws.commit)
            self._stall(draws.settle)
        self._stall(self.writer.sync)
        self._stall(checkpoint.save, self.comm, self.folder, self.generations, self.fields(),
                    self.state())

    def fields(self) -> dict[str, tuple[NDArray[Any], NDArray[np.integer]]]:
        """Return {group: (fields phi_ryx of the replicas that this rank holds, bounds of what each
        rank holds)}."""
        return {lattice.shape.group: (lattice.replicas.fields.read(), bounds)
                for lattice, bounds in zip(self.lattices, self.bounds, strict=True)}

    def state(self) -> dict[str, Any]:
        """Return what the way on depends on besides the fields: {name: array}, alike on every
        rank. Collective."""
        found = {'steps': np.array(self.steps), 'device': np.bytes_(self.device.bits)}
        for lattice in self.lattices:
            state = lattice.state(summed(self.comm, lattice.counts())())
            found |= {f'{lattice.shape.group}.{name}': value for name, value in state.items()}
        return found

    def restore(self, fields: Mapping[str, NDArray[Any]], state: Mapping[str, Any]) -> None:
        """Take up a state after which all draws are committed; `fields`: {group: phi_ryx of what
        this rank holds}."""
        self.steps = int(state['steps'])
        for lattice, draws in zip(self.lattices, self.draws, strict=True):
            group = lattice.shape.group
            lattice.replicas.fields.write(fields[group])
            lattice.restore({name.removeprefix(f'{group}.'): value
                             for name, value in state.items()})
            draws.go_on(max(0, self.steps - self.plan.thermalisation) // self.plan.spacing)
        if (made_on := state['device'].decode()) != self.device.bits:
            log.warning('sample: the checkpoint was made on the device %s and goes on on %s: the '
                        'same distribution, not the same bits', made_on, self.device.bits)

    def _resume_or_start(self) -> None:
        held = {lattice.shape.group: lattice.replicas.held for lattice in self.lattices}
        found = checkpoint.load(self.comm, self.folder, held)
        if found is None:
            for lattice, draws in zip(self.lattices, self.draws, strict=True):
                lattice.replicas.start()
                draws.go_on(0)
            return
        self.restore(*found)
        log.info('sample: goes on after %d of %d steps', self.steps, self.total)
