"""Block spins applied to fields that a test has in memory, as the stage flow applies them."""

from phi4hpc.flow.chain import Chain, sizes
from phi4hpc.flow.estimates import Estimates
from phi4hpc.flow.normalised import Normalisation
from phi4hpc.flow.sums import Operators, add
from phi4hpc.lattice.operator import nested


def estimated(block, phi_bnyx, smallest=4, operators=None, at_once=64, more=(), factors=()):
    """Return the Estimates from fields, whose first axis are the blocks of the jackknife."""
    chain = Chain(block, None, sizes(phi_bnyx.shape[-1], smallest), 1, list(factors))
    chosen = Operators.of(nested(more), chain) if operators is None else operators
    sums = chosen.zeros(len(chain.sizes), len(phi_bnyx))
    for b, phi_nyx in enumerate(phi_bnyx):
        for n in range(0, len(phi_nyx), at_once):
            some = phi_nyx[n:n + at_once]
            add(sums, b, chain, chosen, some, b, range(n, n + len(some)))
    return Estimates(Normalisation(chain, chosen, None), sums)


def z(found, exact):
    """Return by how many errors an estimate {value, error} is away from what is exact."""
    return (found['value'] - exact) / found['error']
