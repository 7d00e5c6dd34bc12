"""What has happened in a training so far, all of which a checkpoint keeps."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from phi4hpc.blockspin.autoencoder import Autoencoder
    from phi4hpc.blockspin.objective import Objective


@dataclass
class History:
    """Costs by name, and the weights that did best on the validation draws. An epoch is of all training draws."""

    optimum: float
    """Loss of the linear optimum on the validation draws."""
    epoch: int = 0
    """Epochs that are complete."""
    step: int = 0
    """Steps made in the epoch that is not."""
    sums: dict[str, float] = field(default_factory=dict)
    """Each cost's values in these steps, added up."""
    train: dict[str, list[float]] = field(default_factory=dict)
    """Each cost's mean over the steps of every epoch."""
    validation: dict[str, list[float]] = field(default_factory=dict)
    """Each cost's value on the validation draws, at the start and after every epoch."""
    best: int = 0
    """The number of values of `validation` before the least total, so 0 where no epoch did better than the start."""
    weights: dict[str, Tensor] = field(default_factory=dict)
    """Those of that epoch."""
    converged: bool = True
    """Whether a plateau was seen before the cap on epochs; true where nothing was trained."""
    seconds: float = 0.0
    """Time spent on it, up to `since`."""
    since: float = field(default_factory=time.monotonic)
    """By this process's clock, so that no checkpoint keeps it."""

    def stop_clock(self) -> None:
        """Take in the time since `since`."""
        now = time.monotonic()
        self.seconds, self.since = self.seconds + now - self.since, now

    def kept(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        self.stop_clock()
        return {name: value for name, value in vars(self).items() if name != 'since'}

    def add_step(self, values: Mapping[str, float]) -> None:
        """Take in the costs' values in a step."""
        self.step += 1
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in values.items()}

    def end_epoch(self) -> None:
        """Take in that the steps of an epoch are made."""
        self._append(self.train, {name: total / self.step for name, total in self.sums.items()})
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}

    def add_validation(self, values: Mapping[str, float], objective: Objective, model: Autoencoder) -> None:
        """Take in the costs' values on the validation draws, and the weights where these are the best ones so far."""
        self._append(self.validation, values)
        totals = totals_of(self.validation, objective)
        if self.epoch == 0 or totals[-1] < totals[self.best]:
            self.best, self.weights = self.epoch, copy.deepcopy(model.state_dict())

    def _append(self, series: dict[str, list[float]], values: Mapping[str, float]) -> None:
        for name, value in values.items():
            series.setdefault(name, []).append(value)


def totals_of(series: Mapping[str, list[float]], objective: Objective) -> list[float]:
    """Return the objective from the series of its costs, one number an epoch."""
    return [objective.total(dict(zip(series, values, strict=True))) for values in zip(*series.values(), strict=True)]
