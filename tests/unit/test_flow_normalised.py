"""What blocks are multiplied by changes nothing but the factors that are said."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from phi4hpc.flow import calibration
from phi4hpc.flow.blocks import kadanoff
from phi4hpc.flow.chain import Chain
from tests.flows import estimated


class Threefold(kadanoff.Block):
    """Means over blocks, times three."""

    def coarse(self, phi_nyx, coins, encode):
        return 3 * super().coarse(phi_nyx, coins, encode)


@pytest.fixture(scope='module')
def phi_bnyx():
    """Return fields (16 blocks, n, y, x) in which neighbours are alike."""
    noise = np.random.default_rng(1).normal(size=(16, 6, 16, 16))
    return noise + sum(np.roll(noise, 1, axis) for axis in (2, 3)) + 0.1 * noise**3


def numbers(estimates):
    """Return all values of couplings, densities and exponents."""
    couplings = [one['value'] for entry in estimates.couplings() for one in entry['K'].values()]
    densities = [one['value'] for entry in estimates.densities()
                 for one in entry['operators'].values()]
    exponents = [entry[y]['value'] for entry in estimates.exponents() for y in ('y_t', 'y_h')
                 if entry[y]]
    return np.array(couplings), np.array(densities), np.array(exponents)


@pytest.mark.parametrize(('block', 'factors', 'times'), [
    (Threefold(), (), 3.0), (kadanoff.Block(), (2.0, 0.5), 1.0)], ids=['multiplied', 'divided'])
def test_fields_are_normalised_whatever_a_block_spin_multiplies_them_by(phi_bnyx, block, factors,
                                                                       times):
    plain = estimated(kadanoff.Block(), phi_bnyx)
    other = estimated(block, phi_bnyx, factors=factors)
    for expected, found in zip(numbers(plain), numbers(other), strict=True):
        assert len(expected) > 1
        np.testing.assert_allclose(found, expected, rtol=1e-8)
    for level, (one, again) in enumerate(zip(plain.levels(), other.levels(), strict=True)):
        factor = one['factor']['value'] * (times if level else 1.0)
        assert again['factor']['value'] == pytest.approx(factor, rel=1e-12)


def test_calibrated_fields_have_the_variance_that_is_wanted(phi_bnyx):
    phi_nyx = phi_bnyx[0]
    chain = Chain(Threefold(), None, [16, 8, 4], seed=1)
    factors = calibration.factors(MPI.COMM_SELF, chain, phi_nyx, 4, 0.7, iter)
    _, *levels = replace(chain, factors=factors).levels(phi_nyx, 0, range(len(phi_nyx)))
    assert [(level**2).mean() for level in levels] == pytest.approx([0.7, 0.7])
