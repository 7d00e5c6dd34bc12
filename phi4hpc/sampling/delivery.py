"""Bringing draws from the ranks that hold replicas to the ranks that own rungs, so that every
write is one long run.

Replicas wander over the rungs while a series belongs to one. Every rank knows which replica was
where, so nothing but the rows themselves travels.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phi4hpc.parallel.communicator import Communicator

Rows = NDArray[Any]
Numbers = NDArray[Any]
buffers: dict[str, NDArray[np.uint8]] = {}
"""Memory for what goes out, comes in and is in order. It is kept, as new pages cost as much as
copying."""


def deliver(comm: Communicator, rows_br: Rows, rung_br: Numbers, bounds: Numbers,
            owner_f: Numbers) -> Rows:
    """Return the rows (f, b, ...) of the rungs that this rank owns, in memory that the next call
    takes. Collective.

    `rows_br`: b draws of this rank's replicas, (b, r, ...); `rung_br`: (b, replicas of all ranks)
    the flat rung that each was at; `bounds`: rank holds replicas bounds[rank] ... bounds[rank + 1]
    - 1; `owner_f`: the rank that owns each rung.
    """
    draws, item = len(rung_br), rows_br.shape[2:]
    if comm.size == 1:
        received = rows_br.reshape(-1, *item)
        draw, replica = np.indices(rung_br.shape).reshape(2, -1)
    else:
        received, draw, replica = brought(comm, rows_br, owner_f[rung_br], bounds)
    row_fb = np.empty((len(owner_f), draws), int)
    row_fb[rung_br[draw, replica], draw] = np.arange(len(draw))
    own_fb = row_fb[owner_f == comm.rank]
    rows_fb = buffer('ordered', (*own_fb.shape, *item), rows_br.dtype)
    return np.take(received, own_fb, axis=0, out=rows_fb, mode='clip') if own_fb.size else rows_fb


def brought(comm: Communicator, rows_br: Rows, owner_br: Numbers,
            bounds: Numbers) -> tuple[Rows, Numbers, Numbers]:
    """Return the rows whose owner this rank is, and the draw and the replica of each. Collective.
    """
    item, dtype, sources = rows_br.shape[2:], rows_br.dtype, list(pairwise(bounds))
    width = math.prod(item) * dtype.itemsize
    to_br = owner_br[:, slice(*sources[comm.rank])]
    send = buffer('out', (to_br.size, *item), dtype)
    for place_r, rows_r in zip(places(to_br), rows_br, strict=True):
        send[place_r] = rows_r
    mine = [np.nonzero(owner_br[:, a:b] == comm.rank) for a, b in sources]
    draw = np.concatenate([each for each, _ in mine])
    replica = np.concatenate([a + each for (a, _), (_, each) in zip(sources, mine, strict=True)])
    received = buffer('in', (len(draw), *item), dtype)
    sent = np.bincount(to_br.ravel(), minlength=comm.size) * width
    comm.Alltoallv((send.reshape(-1).view(np.uint8), sent),
                   (received.reshape(-1).view(np.uint8), [len(each) * width for each, _ in mine]))
    return received, draw, replica


def places(to_br: Numbers) -> Numbers:
    """Return where the row of each draw and replica lies in what is sent: by rank, draw and
    replica."""
    place_br = np.empty(to_br.shape, int)
    place_br.reshape(-1)[np.argsort(to_br, axis=None, kind='stable')] = np.arange(to_br.size)
    return place_br


def buffer(name: str, shape: Sequence[int], dtype: np.dtype[Any]) -> Rows:
    """Return an array whose content is arbitrary, in memory that the next call with that name
    takes, too."""
    size = math.prod(shape) * dtype.itemsize
    if name not in buffers or buffers[name].nbytes < size:
        buffers[name] = np.empty(size, np.uint8)
    return buffers[name][:size].view(dtype).reshape(shape)
