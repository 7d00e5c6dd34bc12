"""Bringing draws from the ranks that hold replicas to the ranks that own rungs, so that every write is one long run.

Replicas wander over the rungs while a series belongs to one; every rank knows which replica was where, so nothing but
the rows themselves travels.
"""

import math
from itertools import pairwise

import numpy as np

buffers = {}                      # of what goes out and comes in, kept: new pages cost as much as copying to them


def deliver(comm, rows_br, rung_br, bounds, owner_f):
    """Return the rows (f, b, ...) of the rungs that this rank owns. Collective.

    `rows_br`: b draws, each (r of this rank's replicas, ...); `rung_br`: (b, all replicas) the flat rung that each was
    at; `bounds`: rank holds replicas bounds[rank] ... bounds[rank + 1] - 1; `owner_f`: the rank that owns each rung.
    """
    draws, item, dtype = len(rung_br), rows_br[0].shape[1:], rows_br[0].dtype
    sources, width = list(pairwise(bounds)), math.prod(item) * dtype.itemsize
    owner_br = owner_f[rung_br]
    to_br = owner_br[:, slice(*sources[comm.rank])]
    send = buffer('out', (to_br.size, *item), dtype)
    for place_r, rows_r in zip(places(to_br), rows_br, strict=True):
        send[place_r] = rows_r
    mine = [np.nonzero(owner_br[:, a:b] == comm.rank) for a, b in sources]
    draw = np.concatenate([each for each, _ in mine])
    replica = np.concatenate([a + each for (a, _), (_, each) in zip(sources, mine, strict=True)])
    received = buffer('in', (len(draw), *item), dtype)
    comm.Alltoallv((send.reshape(-1).view(np.uint8), np.bincount(to_br.ravel(), minlength=comm.size) * width),
                   (received.reshape(-1).view(np.uint8), [len(each) * width for each, _ in mine]))
    row_fb = np.empty((len(owner_f), draws), int)
    row_fb[rung_br[draw, replica], draw] = np.arange(len(draw))
    return received[row_fb[owner_f == comm.rank]]


def places(to_br):
    """Return where the row of each draw and replica lies in what is sent: by rank, draw and replica."""
    place_br = np.empty(to_br.shape, int)
    place_br.reshape(-1)[np.argsort(to_br, axis=None, kind='stable')] = np.arange(to_br.size)
    return place_br


def buffer(name, shape, dtype):
    """Return an array whose content is arbitrary, in memory that the next of that name takes, too."""
    size = math.prod(shape) * dtype.itemsize
    if name not in buffers or buffers[name].nbytes < size:
        buffers[name] = np.empty(size, np.uint8)
    return buffers[name][:size].view(dtype).reshape(shape)
