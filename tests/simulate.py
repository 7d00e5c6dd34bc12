"""Independent replicas of one hopping, and how their means are held against exact results.

Replicas are independent of each other whatever the autocorrelation within them, so the scatter of their means is an
honest error with no window to choose.
"""

import numpy as np

from phi4hpc.device.fields import Fields
from phi4hpc.sampling.start import normal

SEED = 20230914


def observe(device, L, kappa, lam, *, observable, replicas=64, draws=500, spacing=4, width=1.8, precision='float32'):
    """Return (draw, replica, ...) values of `observable(fields)` of independent replicas, after a hot start."""
    fields = Fields(device, L, precision, lam, SEED, range(replicas))
    fields.write(normal(L, range(replicas), SEED))
    kappas, widths = np.full(replicas, kappa), np.full(replicas, width)
    thermalisation, values = draws * spacing // 5, []
    fields.metropolis(kappas, widths, 0, thermalisation)
    for sweep in range(thermalisation, thermalisation + draws * spacing, spacing):
        fields.metropolis(kappas, widths, sweep, spacing)
        values.append(observable(fields))
    return np.array(values)


def densities(fields):
    """Return the kernels' own per-site densities (replica, 4)."""
    return fields.measure()


def assert_agrees(values_nr, exact, within, limit=4.0):
    """Assert that the mean is exact, |z| < `limit`, and known well enough that `within` (relative) would be noticed.

    `values_nr`: (draw, replica, ...); exact: (...). The error is the scatter of replica means.
    """
    means_r = values_nr.mean(0)
    error = means_r.std(0, ddof=1) / np.sqrt(len(means_r))
    assert (limit * error < within * np.abs(exact)).all(), f'too few draws: relative errors {error / np.abs(exact)}'
    z = (means_r.mean(0) - exact) / error
    assert (np.abs(z) < limit).all(), f'mean {means_r.mean(0)}, exact {exact}, z = {z}'
