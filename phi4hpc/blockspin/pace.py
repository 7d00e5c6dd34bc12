"""How fast a training learns, and when it ends: warm-up, a plateau, a fall to zero along a cosine.

The rate stays as it is until the validation draws see no more gain, the plateau: the least
objective of the last `patience` epochs is no better than that of as many epochs before. What
training does to the loss at first, where it starts at an optimum and is shaken, is no plateau. Then
the rate falls, by which the loss gains once more, and the training has converged. Where a cap on
the epochs comes first, the rate falls in time to be zero there, and it has not converged. (Warm-up,
stable and decay phases: Hu et al., arXiv:2404.06395.)

A rate close to the largest that is stable may blow a training up, long after it began. What follows
would pass for a plateau, since nothing comes close to the best epoch any more. So the training goes
back to its best weights, with a new warm-up and half the rate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

WARM = 100
"""Steps in which the rate rises at first. It is a twentieth of all steps where that is less."""
FALL = 0.2
"""The part of the epochs in which the rate falls."""
GAIN = 1e-4
"""An epoch that lowers the least objective so far by a smaller part than this gained nothing."""
RISE = 1.5
"""Where the objective is larger than the least that was reached by this factor, it has blown up."""


@dataclass
class Pace:
    """The course of a training of at most `epochs` epochs of `steps` steps each.

    A checkpoint keeps all of it.
    """

    epochs: int
    patience: int
    steps: int
    falls: int = 0
    """The epoch after which the rate falls; 0: not yet."""
    last: int = 0
    """The last epoch, once the rate falls."""
    converged: bool = False
    """Whether a plateau was seen."""
    returns: list[int] = field(default_factory=list)
    """The epochs after which the training went back to its best weights."""

    @property
    def warm(self) -> int:
        """The steps of the warm-up."""
        return min(WARM, 1 + self.epochs * self.steps // 20)

    @property
    def cap(self) -> int:
        """The epoch after which the rate falls at the latest."""
        return max(0, self.epochs - max(1, round(FALL * self.epochs)))

    @property
    def judged(self) -> int:
        """The first epoch after which there is enough to see a plateau."""
        return 2 * self.patience + math.ceil(self.warm / self.steps)

    @property
    def soonest(self) -> int:
        """The last epoch where nothing is gained at all."""
        return self.judged + fall(self.judged)

    def factor(self, epoch: int, step: int) -> float:
        """Return the factor of the learning rate in a step after `epoch` complete epochs."""
        made = epoch * self.steps + step
        warm = min(1.0, (made - self._began * self.steps + 1) / self.warm)
        highest = warm * 0.5**len(self.returns)
        if not self.last:
            return highest
        part = (made - self.falls * self.steps + 1) / ((self.last - self.falls) * self.steps + 1)
        return highest * 0.5 * (1 + math.cos(math.pi * part))

    @property
    def _began(self) -> int:
        """The epoch after which the training began, or went back."""
        return self.returns[-1] if self.returns else 0

    def heed(self, epoch: int, objectives: Sequence[float]) -> bool:
        """Take in the objective on the validation draws at the start and after every epoch.

        Returns whether it has blown up, so that the training has to go back to its best weights.
        Where the start is the best so far, as for a control, there is nothing to go back to.
        """
        least = min(objectives)
        blown_up = least < objectives[0] and objectives[-1] > RISE * least
        if blown_up:
            self.returns.append(epoch)
        if not self.last:
            warm_epochs = math.ceil(self.warm / self.steps)
            self.converged = self._on_plateau(objectives[1 + self._began + warm_epochs:])
            if self.converged or epoch >= self.cap:
                self.falls = epoch
                left = fall(epoch) if self.converged else self.epochs
                self.last = min(self.epochs, epoch + left)
        return blown_up

    def _on_plateau(self, objectives: Sequence[float]) -> bool:
        """Return whether the last `patience` epochs gained nothing on those right before them."""
        before, now = objectives[-2 * self.patience:-self.patience], objectives[-self.patience:]
        return len(before) == self.patience and min(now) > (1 - GAIN) * min(before)

    def over(self, epoch: int) -> bool:
        """Return whether a training is complete after `epoch` epochs."""
        return bool(self.last) and epoch >= self.last


def fall(epoch: int) -> int:
    """Return in how many epochs the rate falls after a plateau that was seen after `epoch`."""
    return math.ceil(FALL / (1 - FALL) * epoch)
