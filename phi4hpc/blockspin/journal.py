"""What a training writes while it runs: checkpoints to resume from, and costs for TensorBoard."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from phi4hpc.blockspin import modelfile
from phi4hpc.blockspin.history import History, totals_of
from phi4hpc.blockspin.objective import MEASURE, Objective
from phi4hpc.blockspin.pace import Pace
from phi4hpc.logs import counted, log
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.storage import generations

FILE = 'training.pt'


class Checkpoints:
    """The checkpoints of one training in a folder, the last `kept` of them.

    `settings` say which training it is, as plain values. `state` is {name: what has a state_dict}.
    Random choices need no more than that, for they follow from seed and epoch (batches.plan).
    """

    def __init__(self, comm: Communicator, folder: Path, kept: int, settings: Mapping[str, Any],
                 state: Mapping[str, Any]) -> None:
        self.comm, self.folder, self.kept = comm, folder, kept
        self.settings, self.state = settings, state

    def write(self, history: History, pace: Pace) -> None:
        """Write a checkpoint. Collective."""

        def fill(path: Path) -> list[str]:
            if self.comm.rank:
                return []
            states = {name: holder.state_dict() for name, holder in self.state.items()}
            content = {'history': history.kept(), 'pace': asdict(pace), 'ranks': self.comm.size,
                       'settings': self.settings, 'state': states}
            modelfile.write(path / FILE, content)
            return [FILE]

        generations.add(self.comm, self.folder, self.kept, fill)

    def resume(self, device: str) -> tuple[History, Pace] | None:
        """Set the state from the newest sound checkpoint, return its history and pace. Collective.

        Returns None where there is no checkpoint of this training.
        """
        path = generations.newest(self.comm, self.folder)
        if path is None:
            return None
        content = modelfile.read(path / FILE, device)
        if content['settings'] != self.settings:
            log.info('%s is of a training with other settings: not used', path)
            return None
        for name, holder in self.state.items():
            holder.load_state_dict(content['state'][name])
        history = History(**content['history'])
        log.info('resuming %s after epoch %d and %s', path, history.epoch,
                 counted(history.step, 'step'))
        if content['ranks'] != self.comm.size:
            log.info('it was written by %s, so what follows is the same to rounding only',
                     counted(content['ranks'], 'rank'))
        return history, Pace(**content['pace'])


@contextlib.contextmanager
def tensorboard(comm: Communicator, directory: Path | None, objective: Objective,
                epoch: int) -> Iterator[Callable[[History, float], None]]:
    """Yield a function (history, rate) that writes the costs of an epoch, on rank 0 alone.

    It writes nothing where there is no directory. It replaces what an earlier run wrote of epochs
    after `epoch`, the last one that is complete.
    """
    if directory is None or comm.rank:
        yield lambda history, rate: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(directory, purge_step=epoch + 1) as writer:
        def write(history: History, rate: float) -> None:
            for tag, value in scalars(history, rate, objective).items():
                writer.add_scalar(tag, value, history.epoch)

        yield write


def scalars(history: History, rate: float, objective: Objective) -> dict[str, float]:
    """Return {tag: value} of the last epoch: the objective, the ratio, the rate and each cost."""
    ratio = history.validation[MEASURE][-1] / history.optimum
    found = {'loss/train': totals_of(history.train, objective)[-1],
             'loss/validation': totals_of(history.validation, objective)[-1],
             'loss/ratio_to_linear_optimum': ratio, 'rate': rate}
    for part, series in ('train', history.train), ('validation', history.validation):
        found |= {f'{name}/{part}': values[-1] for name, values in series.items()}
    return found
