"""What has happened in a training so far. A checkpoint keeps all of it."""

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


Series = dict[str, list[float]]
"""A number an epoch for each cost, by the cost's name."""


@dataclass
class History:
    """The costs of every epoch, and the weights that did best on the validation draws."""

    optimum: float
    """Loss of the linear optimum on the validation draws."""
    epoch: int = 0
    """Epochs that are complete. An epoch takes all training draws once."""
    step: int = 0
    """Steps made in the epoch that is not complete."""
    sums: dict[str, float] = field(default_factory=dict)
    """Each cost's values in these steps, added up."""
    train: Series = field(default_factory=dict)
    """Each cost's mean over the steps of every epoch."""
    validation: Series = field(default_factory=dict)
    """Each cost's value on the validation draws, first at the start, then after every epoch."""
    best: int = 0
    """The epoch after which the objective was least on the validation draws, 0 for the start."""
    weights: dict[str, Tensor] = field(default_factory=dict)
    """The weights after the best epoch."""
    converged: bool = True
    """Whether a plateau was seen before the cap on epochs; true where nothing was trained."""
    returns: list[int] = field(default_factory=list)
    """The epochs after which it had blown up, and went back to the best weights."""
    seconds: float = 0.0
    """Time spent until `since`."""
    since: float = field(default_factory=time.monotonic)
    """When the time was last taken, by this process's clock. A checkpoint does not keep it."""

    def stop_clock(self) -> None:
        """Add the time that has passed since it was last taken."""
        now = time.monotonic()
        self.seconds, self.since = self.seconds + now - self.since, now

    def kept(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        self.stop_clock()
        return {name: value for name, value in vars(self).items() if name != 'since'}

    def add_step(self, values: Mapping[str, float]) -> None:
        """Add the costs' values in a step."""
        self.step += 1
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in values.items()}

    def end_epoch(self) -> None:
        """Close the epoch whose steps are made."""
        append(self.train, {name: total / self.step for name, total in self.sums.items()})
        self.epoch, self.step, self.sums = self.epoch + 1, 0, {}

    def add_validation(self, values: Mapping[str, float], objective: Objective,
                       model: Autoencoder) -> None:
        """Add the costs' values on the validation draws. Keep the weights if they are the best."""
        append(self.validation, values)
        totals = totals_of(self.validation, objective)
        if self.epoch == 0 or totals[-1] < totals[self.best]:
            self.best, self.weights = self.epoch, copy.deepcopy(model.state_dict())


def append(series: Series, values: Mapping[str, float]) -> None:
    """Add an epoch to the series of every cost."""
    for name, value in values.items():
        series.setdefault(name, []).append(value)


def totals_of(series: Series, objective: Objective) -> list[float]:
    """Return the objective of every epoch, from the series of its costs."""
    epochs = zip(*series.values(), strict=True)
    return [objective.total(dict(zip(series, values, strict=True))) for values in epochs]
