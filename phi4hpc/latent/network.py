"""A small network for what linear regression on invariants leaves of a statistic.

Statistics are means over sites of local functions, and so is what it computes: the mean over sites
of hidden units that each look at the neighbourhood of a site. It has one hidden layer, whose
weights are drawn once and are the same for every model. Only its last layer is fitted, so that the
fit needs the sums of products alone, as that of the invariants does.

With N the mean over the four neighbours, a hidden unit looks at u = a z + b N z + c N^2 z, which
reaches two sites far and has the symmetries of the square. It becomes the even function
tanh(u + s) - tanh(u - s) and the odd one tanh(u + s) + tanh(u - s).

Suffixes: n draws, y x lattice axes, u hidden units, r powers of N.
"""

import numpy as np

from phi4hpc.lattice.action import neighbours

UNITS = 24
SCALES = 0.3, 3.0
"""Between these lies the size of the weights of a unit; fields have values about 1."""


def units(z_nyx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the even and the odd hidden units, means over sites, (n, u)."""
    weight_ur, shift_u = drawn()
    z_nyx = z_nyx.astype(np.float32)
    near_nyx = neighbours(z_nyx) / 4
    far_nyx = neighbours(near_nyx) / 4
    even_un, odd_un = [], []
    for (a, b, c), shift in zip(weight_ur, shift_u, strict=True):
        seen_nyx = a * z_nyx + b * near_nyx + c * far_nyx
        above_n, below_n = (np.tanh(seen_nyx + step).mean((1, 2), np.float64)
                            for step in (shift, -shift))
        even_un.append(above_n - below_n)
        odd_un.append(above_n + below_n)
    return np.stack(even_un, 1), np.stack(odd_un, 1)


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Return the weights of the hidden layer, (u, r), and its shifts (u,), always the same."""
    rng = np.random.default_rng(1)
    direction_ur = rng.standard_normal((UNITS, 3))
    direction_ur /= np.linalg.norm(direction_ur, axis=1, keepdims=True)
    size_u = np.exp(rng.uniform(np.log(SCALES[0]), np.log(SCALES[1]), UNITS))
    return ((direction_ur * size_u[:, None]).astype(np.float32),
            rng.uniform(0.2, 2, UNITS).astype(np.float32))
