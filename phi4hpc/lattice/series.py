"""The names of the series: what is kept of every draw, also of those whose field is not kept.

The densities are per site: the magnetisation sum_x phi(x), the hopping sum_{x,mu} phi(x) phi(x+mu),
and the sums of phi^2 and phi^4. The mode is |phi~(p)|^2 / Omega at the smallest momentum along an
axis, the mean of both axes. Kernels measure them, and `lattice.draws` says the same in NumPy.
"""

DENSITIES = ('magnetisation', 'hopping', 'phi2', 'phi4')
SERIES = (*DENSITIES, 'mode')
