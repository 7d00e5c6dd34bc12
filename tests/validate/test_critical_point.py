"""kappa_c of forty short studies at each lambda, from few sizes: errors cover what is known better.

Two replicas make a study. Where two sizes are all, corrections to scaling are most of the error.
"""

from functools import cache

import numpy as np
import pytest

from phi4hpc.device.host import Host
from phi4hpc.lattice.transition import LONG_RUNS, UNIVERSAL
from phi4hpc.statistics.critical import critical_kappa
from phi4hpc.statistics.curve import Curve
from phi4hpc.statistics.gamma import value_and_error
from phi4hpc.statistics.points import crossing
from tests.simulate import observe

pytestmark = pytest.mark.long
STUDIES, CHAINS = 40, 2
SIZE_SETS = [16, 32], [16, 24, 32], [16, 32, 64]


def series(held):
    """Return magnetisation, hopping and mode (r, 3) of replicas."""
    return np.column_stack([held.measure()[:, :2], held.longest_mode()])


@cache
def levels(lam, L):
    """Return the levels (L, name, kappa) of a lattice in each study."""
    kappa = LONG_RUNS[lam][0] + 0.001 * (16 / L) ** 2.75         # about where the levels are
    values_nrq = observe(Host(), L, kappa, lam, 'recipe', observable=series, draws=800, spacing=2,
                         replicas=STUDIES * CHAINS)
    values_scqn = values_nrq.transpose(1, 2, 0).reshape(STUDIES, CHAINS, 3, -1)
    names = 'magnetisation', 'hopping', 'mode'
    curves = [Curve(L, [kappa], {name: study_cqn[None, :, q] for q, name in enumerate(names)}, lam)
              for study_cqn in values_scqn]
    return [[(L, name, crossing(curve, name, level)) for name, level in UNIVERSAL.items()]
            for curve in curves]


@pytest.mark.parametrize('sizes', SIZE_SETS, ids=str)
@pytest.mark.parametrize('lam', LONG_RUNS)
def test_errors_cover(lam, sizes):
    studies = zip(*(levels(lam, L) for L in sizes), strict=True)
    found = [critical_kappa([level for lattice in study for level in lattice]) for study in studies]
    values = [value_and_error(one['value']) for one in found]
    totals = np.hypot([value['error'] for value in values], [one['systematic'] for one in found])
    pulls = (np.array([value['value'] for value in values]) - LONG_RUNS[lam][0]) / totals
    print(f'lambda {lam:g}, {sizes}: {np.mean(abs(pulls) < 2):.0%} within 2, '
          f'largest {abs(pulls).max():.1f}, total error {np.median(totals):.1e}')
    assert np.mean(abs(pulls) < 2) >= 0.9
    assert abs(pulls).max() < 4
