"""What a stage works with."""

from dataclasses import dataclass
from typing import Any

from phi4hpc.deck.schema import Deck
from phi4hpc.parallel.communicator import Communicator
from phi4hpc.parallel.runcontrol import Control
from phi4hpc.rundirectory.directory import RunDirectory


@dataclass(frozen=True)
class Context:
    """What a stage works with: `directory` is the run directory, `device` what kernels run on.

    `control` says to the ranks after each step of a loop whether to write a checkpoint or to stop.
    """

    comm: Communicator
    deck: Deck
    directory: RunDirectory
    device: Any
    control: Control
