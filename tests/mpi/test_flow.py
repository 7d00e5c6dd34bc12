"""The flow over ranks: the same sums, to rounding, as on one rank, and the same exponents."""

from types import SimpleNamespace

import numpy as np
import pytest

from phi4hpc.flow import calibration
from phi4hpc.flow.block import Block
from phi4hpc.flow.blocks import kadanoff, majority
from phi4hpc.flow.chain import Chain, sizes
from phi4hpc.flow.estimates import Estimates
from phi4hpc.flow.normalised import Normalisation
from phi4hpc.flow.sums import Operators
from phi4hpc.lattice.operator import nested
from phi4hpc.logs import Progress
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.world import world
from phi4hpc.stages.flow import added_up

pytestmark = pytest.mark.mpi(min_size=2)
SIZE, CHAINS = 8, 3


def estimates(comm, spin, draws):
    """Return the Estimates of a small lattice, whose draws the ranks of `comm` share."""
    phi_kcnyx = np.random.default_rng(1).normal(size=(2, CHAINS, draws, SIZE, SIZE))
    lattice = SimpleNamespace(L=SIZE, chains=CHAINS, fields=draws, draws_at_once=3, phi=phi_kcnyx,
                              kappas=np.array([0.2, 0.3]), rung=lambda kappa: 1)
    chain = Chain(spin, None, sizes(SIZE, 4), seed=1)
    operators = Operators.of(nested(), chain)
    sums = added_up(comm, chain, operators, lattice, SimpleNamespace(kappa=0.3), iter,
                    Progress('block', 1, rank=1))
    assert sums['draws'].sum() == CHAINS * draws
    return Estimates(Normalisation(chain, operators, None), sums)


@pytest.mark.parametrize('spin', [kadanoff.Block(), majority.Block(signs_first=True)])
@pytest.mark.parametrize('draws', [40, 1])
def test_sums_do_not_depend_on_the_number_of_ranks(spin, draws):
    """Also where some ranks have no draws; ties of a majority are those of the draw."""
    from mpi4py import MPI

    found, expected = (estimates(comm, spin, draws) for comm in (world(), MPI.COMM_SELF))
    for name, array in expected.total.items():
        np.testing.assert_allclose(found.total[name], array, rtol=1e-10, atol=1e-9, err_msg=name)
    if draws > 1:
        for mine, other in zip(found.exponents(), expected.exponents(), strict=True):
            assert mine['dropped'] == other['dropped']
            for key in ('value', 'error'):
                assert mine['y_h'][key] == pytest.approx(other['y_h'][key], rel=1e-6)


class Cube(Block):
    """A block spin that minds how large its fields are."""

    def coarse(self, phi_nyx, coins, encode):
        return phi_nyx[:, ::2, ::2] ** 3


def test_what_fields_are_divided_by_does_not_depend_on_the_number_of_ranks():
    from mpi4py import MPI

    comm, chain = world(), Chain(Cube(), None, [8, 4, 2], seed=1)
    phi_nyx = np.random.default_rng(1).normal(size=(5, 8, 8))
    first, last = block(5, comm.size, comm.rank)
    found = calibration.factors(comm, chain, phi_nyx[first:last], 2, 1.3, iter)
    assert found == pytest.approx(calibration.factors(MPI.COMM_SELF, chain, phi_nyx, 2, 1.3, iter))
    *_, last_nyx = Chain(Cube(), None, [8, 4, 2], 1, found).levels(phi_nyx, 0, range(5))
    assert (last_nyx**2).mean() == pytest.approx(1.3)
