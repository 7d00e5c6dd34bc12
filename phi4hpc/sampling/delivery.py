"""Bringing draws from the ranks that hold replicas to the ranks that own rungs, so that every write is one long run.

Replicas wander over the rungs while a series belongs to one; every rank knows which replica was where, so nothing but
the rows themselves travels.
"""

import math
from itertools import pairwise

import numpy as np


def deliver(comm, rows_br, rung_br, bounds, owner_f):
    """Return {rung: rows (b, ...)} of the rungs that this rank owns. Collective.

    `rows_br`: (b draws, r of this rank's replicas, ...); `rung_br`: (b, all replicas) the flat rung that each was at;
    `bounds`: rank holds replicas bounds[rank] ... bounds[rank + 1] - 1; `owner_f`: the rank that owns each flat rung.
    """
    draws, item = len(rung_br), rows_br.shape[2:]
    sources = list(pairwise(bounds))
    owner_br = owner_f[rung_br]
    to = owner_br[:, slice(*sources[comm.rank])].ravel()
    send = rows_br.reshape(len(to), math.prod(item))[np.argsort(to, kind='stable')]
    mine = [np.nonzero(owner_br[:, a:b] == comm.rank) for a, b in sources]
    received = np.empty((sum(len(draw) for draw, _ in mine), send.shape[1]), send.dtype)
    width = send.shape[1] * send.itemsize
    comm.Alltoallv((send.view(np.uint8), np.bincount(to, minlength=comm.size) * width),
                   (received.view(np.uint8), [len(draw) * width for draw, _ in mine]))
    rungs = np.nonzero(owner_f == comm.rank)[0]
    place = {rung: i for i, rung in enumerate(rungs)}
    delivered = np.empty((len(rungs), draws, send.shape[1]), send.dtype)
    row = 0
    for (a, _), (draw, replica) in zip(sources, mine, strict=True):
        where = [place[rung] for rung in rung_br[draw, a + replica]]
        delivered[where, draw] = received[row:row + len(draw)]
        row += len(draw)
    return {rung: delivered[i].reshape(draws, *item) for rung, i in place.items()}
