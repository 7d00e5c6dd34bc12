"""The second-moment correlation length, which two observables are made of."""

import math

from phi4hpc.lattice.observable import ROUNDING, Mean


def second_moment_length(zero_mode: Mean, mode: Mean, L: int) -> Mean | None:
    """Return the second-moment correlation length xi from G(0) = Omega <M^2> and G(p_min).

    xi = sqrt(G(0) / G(p_min) - 1) / (2 sin(p_min / 2)), p_min = 2 pi / L. None where it is not
    defined: where G(0) does not exceed G(p_min), as by chance, or where that is but rounding.
    """
    if not (mode > ROUNDING and zero_mode > mode):
        return None
    return (zero_mode / mode - 1) ** 0.5 / (2 * math.sin(math.pi / L))
