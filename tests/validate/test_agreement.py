"""All algorithms find the same at the critical point, where they decorrelate most unlike each
other."""

from itertools import combinations

import numpy as np
import pytest

from tests.simulate import ALGORITHMS, binder, observe

L, KAPPA, LAMBDA = 16, 0.2695, 0.02
SPACING = {'metropolis': 15, 'overrelaxation': 3, 'cluster': 6, 'leapfrog': 10, 'omelyan': 10,
           'recipe': 1}


@pytest.fixture(scope='module')
def found(device):
    """Return {algorithm: (replica, quantity)}: of each replica |M|, H / Omega and phi^2, and what
    tells U_L."""
    return {algorithm: quantities(observe(device, L, KAPPA, LAMBDA, algorithm, replicas=96,
                                          draws=160, spacing=SPACING.get(algorithm, 1)))
            for algorithm in ALGORITHMS}


def quantities(values_nrq):
    moment = values_nrq[..., 0]
    return np.column_stack([abs(moment).mean(0), values_nrq[..., 1:3].mean(0), *binder(moment**2)])


@pytest.mark.parametrize(('one', 'other'), [*combinations(ALGORITHMS, 2)])
def test_algorithms_agree_at_criticality(device, found, one, other):
    means = [found[name].mean(0) for name in (one, other)]
    error = np.hypot(*(found[name].std(0, ddof=1) / np.sqrt(len(found[name]))
                       for name in (one, other)))
    assert (4 * error < 0.08 * means[0]).all(), f'too few draws: relative errors {error / means[0]}'
    z = np.subtract(*means) / error
    assert (abs(z) < 4).all(), f'{means}, z = {z}'
