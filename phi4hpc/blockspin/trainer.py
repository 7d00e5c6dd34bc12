"""Training: make the objective small, from a family's first weights onwards.

The weights kept are those of the best epoch on the validation draws, the start among them: on these
draws a model never ends worse than it started. How well it does is then measured on test draws,
which chose nothing.

Suffixes: n draws of this rank, y x lattice axes, D sites, s strata of this rank, m the two axes.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phi4hpc.blockspin import batches, modelfile
from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.history import History, totals_of
from phi4hpc.blockspin.journal import Checkpoints, tensorboard
from phi4hpc.blockspin.learner import Learner
from phi4hpc.blockspin.models import Model
from phi4hpc.blockspin.objective import MEASURE, Objective
from phi4hpc.blockspin.pace import Pace
from phi4hpc.blockspin.record import record
from phi4hpc.blockspin.shards import Shares
from phi4hpc.logs import Progress, log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.runcontrol import Action, Control, Stopped


@dataclass(frozen=True)
class Settings:
    """How models are trained, and where their files go."""

    epochs: int
    """At most."""
    patience: int
    rate: float
    seed: int
    folder: Path
    """`<model>.pt` is written there, and checkpoints in `<model>.ckpt` until then."""
    boards: Path | None = None
    """For TensorBoard's event files, a folder a model."""
    device: str = 'cpu'
    keep: int = 2
    """Checkpoints kept."""
    aloud: bool = True
    """Whether rank 0 says how far it is; of several groups only one does."""


class Trainer:
    """Trains the `network` of a `model` in place, on the ranks of `comm`, inside a `process_group`.

    `network` has its first weights; `optimum` is the linear optimum of the same latent size. The
    outcome follows from the draws, the seed and the model's name; the number of ranks changes it by
    rounding alone. `control` is asked after each step.
    """

    def __init__(self, comm: Communicator, model: Model, network: Autoencoder, optimum: Autoencoder,
                 shares: Shares, objective: Objective, settings: Settings,
                 control: Control | None = None) -> None:
        self.comm, self.model, self.objective, self.settings = comm, model, objective, settings
        self.network, self.optimum = network.to(settings.device), optimum.to(settings.device)
        self.shares, self.strata, self.control = shares, shares.strata, control or Control(comm)
        self.valid_nD = self._on_device(shares.valid_nyx).flatten(1)
        self.checkpoints = settings.folder / f'{model.name}.ckpt'

    def run(self) -> dict[str, Any]:
        """Train, write the model's file, and return its record. Collective.

        A training that was stopped goes on from its last checkpoint, to the same bits on the same
        number of ranks. A model whose family is not trained has no epochs. Raises Stopped where a
        stop is asked for, and Diverged where the objective is no finite number.
        """
        trained = self.model.settings.trained
        history = self._learned() if trained else self._begun()
        test_nD = self._on_device(self.shares.test_nyx).flatten(1)
        optimum, final = (self.objective.terms_of_draws(each, test_nD)
                          for each in (self.optimum, self.network))
        found = {**self.model.about, 'sites': self.network.sites,
                 'trained': trained, 'train_draws': self.strata.total,
                 'steps': self.strata.steps * history.epoch,
                 **record(self.comm, self.objective, history, optimum, final)}
        if self.comm.rank == 0:
            path = self.settings.folder / f'{self.model.name}.pt'
            modelfile.save(path, self.model, self.network)
            shutil.rmtree(self.checkpoints, ignore_errors=True)
        self.comm.Barrier()
        return found

    def _begun(self) -> History:
        """Return the history of a training before its first epoch."""
        history = History(optimum=self._costs(self.optimum)[MEASURE])
        history.add_validation(self._costs(self.network), self.objective, self.network)
        return history

    def _learned(self) -> History:
        """Make the epochs that are left, and give the network its best weights."""
        phi_nyx, settings = self._on_device(self.shares.train_nyx), self.settings
        most, steps = settings.epochs * self.strata.steps, self.strata.steps
        learner = Learner(self.comm, self.network, self.objective, settings.rate)
        checkpoints = Checkpoints(self.comm, self.checkpoints, settings.keep, self._about(),
                                  learner.state)
        history, pace = checkpoints.resume(settings.device) or self._at_the_start()
        self.control.begin()
        board = settings.boards and settings.boards / self.model.name
        with tensorboard(self.comm, board, self.objective, history.epoch) as write, \
                Progress(f'train {self.model.name}', most,
                         self.comm.rank if settings.aloud else 1) as progress:
            progress.skip(history.epoch * steps + history.step)
            while not pace.over(history.epoch):
                for x_sD in self._batches(phi_nyx, history):
                    learner.set_rate(pace.factor(history.epoch, history.step))
                    history.add_step(learner.step(x_sD, self.strata.batch))
                    progress.advance()
                    self._heed(self.control.ask(), checkpoints, history, pace)
                history.end_epoch()
                history.add_validation(self._costs(self.network), self.objective, self.network)
                if pace.heed(history.epoch, totals_of(history.validation, self.objective)):
                    log.info('%s blew up in epoch %d: back to its best weights, after epoch %d, '
                             'at half the rate', self.model.name, history.epoch, history.best)
                    learner.go_back(history.weights)
                write(history, learner.rate)
        self.network.load_state_dict(history.weights)
        history.converged, history.returns = pace.converged, pace.returns
        history.stop_clock()
        return history

    def _about(self) -> dict[str, Any]:
        """Return what a checkpoint must agree with, for a training to go on from it."""
        settings = self.settings
        costs = {name: cost.model_dump(mode='json') for name, cost in self.objective.costs.items()}
        return {'epochs': settings.epochs, 'patience': settings.patience,
                'batch': self.strata.batch, 'rate': settings.rate, 'seed': settings.seed,
                'costs': costs}

    def _at_the_start(self) -> tuple[History, Pace]:
        """Return the history and the pace of a training before its first epoch."""
        history = self._begun()
        pace = Pace(self.settings.epochs, self.settings.patience, self.strata.steps)
        pace.heed(0, totals_of(history.validation, self.objective))
        return history, pace

    def _batches(self, phi_nyx: Tensor, history: History) -> Iterator[Tensor]:
        """Yield this rank's part x_sD of each batch that is left in the epoch."""
        seeds = batches.seed_of(self.settings.seed, self.model.name)
        plan = batches.plan(seeds, history.epoch + 1, self.strata, phi_nyx.shape[-1])
        for draw_s, move in zip(*(part[history.step:] for part in plan), strict=True):
            yield batches.take(phi_nyx, draw_s, move)

    def _heed(self, action: Action, checkpoints: Checkpoints, history: History, pace: Pace) -> None:
        """Write a checkpoint where one is due, and raise Stopped where a stop is asked for."""
        if action is not Action.GO_ON:
            checkpoints.write(history, pace)
        if action is Action.STOP:
            raise Stopped(f'in {self.model.name}')

    def _costs(self, network: Autoencoder) -> dict[str, float]:
        """Return the costs of a network on the validation draws of all ranks."""
        terms = self.objective.terms_of_draws(network, self.valid_nD)
        return self.objective.values_over_ranks(self.comm, terms)

    def _on_device(self, phi_nyx: np.ndarray) -> Tensor:
        phi_nyx = np.ascontiguousarray(phi_nyx, dtype=np.float32)
        return torch.from_numpy(phi_nyx).to(self.settings.device)
