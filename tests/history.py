"""What a short run leaves, as a digest, by the compiler and the CPU of the environment.

    python tests/history.py PRECISION

The run has every algorithm of ours, step sizes and rungs that are tuned, and hot and cold first
fields.
"""

import hashlib
import sys

import numpy as np
from mpi4py import MPI

from phi4hpc.deck.algorithms import names
from phi4hpc.deck.load import parse
from phi4hpc.device.host import Host
from phi4hpc.sampling import placement
from phi4hpc.sampling.lattice_sampler import LatticeSampler
from phi4hpc.sampling.team import Team
from phi4hpc.storage.layout import Shape, owners

DECK = """
precision: {precision}
lattice: {{sizes: [6]}}
ladder: {{tuned: {{lowest: 0.24, highest: 0.28, rungs: 3}}, chains: 2}}
sample: {{thermalisation: 40, recipe: [{recipe}]}}
"""


def digest(precision):
    """Return the digest of fields, series, rungs, step sizes and counts after some steps."""
    recipe = ', '.join(f'{{{name}: 1}}' for name in names())
    deck = parse(DECK.format(precision=precision, recipe=recipe), 'test').deck
    shape = Shape(6, placement.first(deck.ladder), 2, 1, precision)
    team = Team(MPI.COMM_SELF, np.array([[0, 6]]), [owners(6, 1)], 3)
    sampler = LatticeSampler(MPI.COMM_SELF, Host(), deck, shape, team, 0)
    sampler.replicas.start()
    found = hashlib.sha256()
    for number in range(50):
        sampler.step(number)
        found.update(sampler.draw()[0].tobytes())
        sampler.swap(number)
    found.update(sampler.replicas.fields.read().tobytes())
    for name, array in sorted(sampler.state(sampler.counts()).items()):
        found.update(name.encode() + np.asarray(array).tobytes())
    return found.hexdigest()


if __name__ == '__main__':
    print(digest(sys.argv[1]))
