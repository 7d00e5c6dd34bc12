"""Sums over the pieces of a rank's samples, which are kept on the disk while a model is analysed.

A part of an analysis adds up sums over pieces of this rank's samples, always in the same order. Of
a part the sums are kept, and how many pieces they are of, so that a run which was stopped or killed
goes on from there, to the same bits on the same number of ranks. Every rank keeps its own and waits
for no other.
"""

import math
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from phi4hpc.files import make_folder, whole
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Pieces
from phi4hpc.parallel.runcontrol import Stopped

CHUNK = 2**17                    # sites that are looked at together
LEAST = 1.0
"""Seconds of work that are worth a file."""
UNREADABLE = OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile
T = TypeVar('T')


class Fields(Protocol):
    """Fields (n, y, x) that give slices of themselves: an array, or shards.Stored on the disk."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> np.ndarray: ...


def draws_at_once(L: int) -> int:
    """Return how many draws are looked at together, so that memory stays flat."""
    return max(1, CHUNK // L**2)


def pieces(slices: list[slice], L: int) -> list[tuple[int, slice]]:
    """Return the slices of blocks of draws as pieces, each with the number of its block."""
    return cut(slices, draws_at_once(L))


def cut(slices: list[slice], most: int) -> list[tuple[int, slice]]:
    """Return slices as pieces of `most` draws or fewer, each with the number of its slice."""
    return [(b, slice(n, min(n + most, part.stop))) for b, part in enumerate(slices)
            for n in range(part.start, part.stop, most)]


@dataclass(frozen=True)
class Tally:
    """Adds up sums, and keeps them in `folder`, if any, every `interval` seconds and at a stop.

    `each(pieces)` yields the pieces of this rank's work, before which it may raise Stopped.
    `share` says which rank of how many this is.
    """

    each: Pieces = iter
    folder: Path | None = None
    interval: float = math.inf
    share: str = '0of1'

    def over(self, part: str, pieces: Iterable[T],
             sums: Sequence[Mapping[str, Any]]) -> Iterator[T]:
        """Yield the pieces that are not in the `sums` yet; whoever takes one adds it to them.

        They are NumPy arrays or tensors, and begin at zero: what an earlier run had added up is put
        into them before the first piece. `part` names them.
        """
        done, kept = self.resume(part, sums), time.monotonic()
        try:
            for piece in self.each(islice(pieces, done, None)):
                yield piece
                done += 1
                if time.monotonic() - kept > self.interval:
                    self.keep_sums(part, sums, done)
                    kept = time.monotonic()
        except Stopped:
            self.keep_sums(part, sums, done)
            raise
        if time.monotonic() - kept > min(LEAST, self.interval):
            self.keep_sums(part, sums, done)

    def keep_sums(self, part: str, sums: Sequence[Mapping[str, Any]], done: int) -> None:
        """Write sums of some pieces to the disk, and how many these are."""
        if self.folder:
            make_folder(self.folder)
            arrays: dict[str, Any] = {name: tensor.cpu().numpy()
                                      for name, tensor in tensors(sums).items()}
            with whole(self.path(part)) as temporary, open(temporary, 'wb') as file:
                np.savez(file, **arrays, done=np.array(done))

    def resume(self, part: str, sums: Sequence[Mapping[str, Any]]) -> int:
        """Fill the sums with what was kept of them, if anything, and return of how many pieces."""
        if not self.folder or not self.path(part).exists():
            return 0
        own = tensors(sums)
        try:
            with np.load(self.path(part)) as file:
                done, kept = int(file['done']), {name: file[name] for name in own}
        except UNREADABLE as error:
            log.warning('%s: damaged (%s): these sums are made anew', self.path(part), error)
            return 0
        if any(kept[name].shape != tensor.shape for name, tensor in own.items()):
            return 0
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(kept[name]))
        return done

    def path(self, part: str) -> Path:
        """Return the file of this rank's sums of a part."""
        assert self.folder
        return self.folder / f'{part}.{self.share}.npz'


NOWHERE = Tally()
"""Keeps nothing and is never stopped."""


def tensors(sums: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    """Return sums as tensors that share their memory, by number and name."""
    return {f'{number} {name}': torch.as_tensor(array)
            for number, of_names in enumerate(sums) for name, array in of_names.items()}
