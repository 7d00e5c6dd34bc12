"""Fields drawn anew while an encoder sees the same of them: what it keeps of the information.

The information that latents y keep on a coupling theta is Var <T|y> / Var T, with T = -dS/dtheta.
Here <T|y> is not predicted. Fields of the same y are sampled, by hybrid Monte Carlo in plain NumPy
with momenta and forces that are projected on what a linear encoder does not see. Trajectories begin
at a draw of the ensemble, which is a draw of its own conditional ensemble, so that nothing has to
thermalise. None of this knows of phi4hpc/latent.

Suffixes: n draws, j fields of which the encoder sees the same, y x lattice axes, t couplings.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import numpy as np

from phi4hpc.lattice.action import action, neighbours
from phi4hpc.lattice.modes import leading_modes
from tests.autoencoders import free_propagator

FIELDS = 16
"""Of which the encoder sees the same, the draw among them."""


class Trajectory(NamedTuple):
    """`steps` of leapfrog, about `step` long, and how many trajectories lie between two fields."""

    step: float
    steps: int
    spacing: int


def modes(latent: int, L: int) -> np.ndarray:
    """Return the encoder that sees the `latent` longest waves: orthonormal rows, (d, D)."""
    return leading_modes(free_propagator(L), latent).basis_dD


def alike(phi_nyx: np.ndarray, encoder_dD: np.ndarray, kappa: float, lam: float,
          trajectory: Trajectory) -> np.ndarray:
    """Return draws and fields of which the encoder sees the same, (n, j, y, x)."""
    anew = drawn_anew(phi_nyx, encoder_dD, kappa, lam, trajectory)
    return np.stack([phi_nyx, *islice(anew, FIELDS - 1)], 1)


def drawn_anew(phi_nyx: np.ndarray, encoder_dD: np.ndarray, kappa: float, lam: float,
               trajectory: Trajectory) -> Iterator[np.ndarray]:
    """Yield fields (n, y, x) of which an encoder of orthonormal rows sees the same, endlessly."""
    rng = np.random.default_rng(1)

    def unseen(field_nyx):
        field_nD = field_nyx.reshape(len(field_nyx), -1)
        return (field_nD - field_nD @ encoder_dD.T @ encoder_dD).reshape(field_nyx.shape)

    def pull(phi_nyx):
        square_nyx = phi_nyx * phi_nyx                  # NumPy is twenty times slower at phi**3
        return unseen(2 * kappa * neighbours(phi_nyx)
                      - phi_nyx * (2 * (1 - 2 * lam) + 4 * lam * square_nyx))

    def energy(phi_nyx, p_nyx):
        square_nyx = phi_nyx * phi_nyx
        action_nyx = (square_nyx * (1 - 2 * lam + lam * square_nyx)
                      - kappa * phi_nyx * neighbours(phi_nyx))
        return (p_nyx * p_nyx / 2 + action_nyx).sum((1, 2))

    while True:
        for _ in range(trajectory.spacing):
            p_nyx = unseen(rng.standard_normal(phi_nyx.shape))
            begun_n, length = energy(phi_nyx, p_nyx), trajectory.step * rng.uniform(0.8, 1.2)
            moved_nyx, p_nyx = phi_nyx, p_nyx - length / 2 * pull(phi_nyx)
            for _ in range(trajectory.steps):
                p_nyx = p_nyx + length * pull(moved_nyx)
                moved_nyx = moved_nyx + length * p_nyx
            p_nyx = p_nyx + length / 2 * pull(moved_nyx)
            gained_n = energy(moved_nyx, p_nyx) - begun_n
            taken_n = rng.random(len(phi_nyx)) < np.exp(np.minimum(-gained_n, 0))
            phi_nyx = np.where(taken_n[:, None, None], moved_nyx, phi_nyx)
        yield phi_nyx


def slopes(phi_yx: np.ndarray) -> np.ndarray:
    """Return -dS/dkappa and -dS/dlambda of fields, (..., t), as S is linear in both."""
    without = action(phi_yx, 0, 0)
    return np.stack([without - action(phi_yx, *one) for one in ((1, 0), (0, 1))], -1)


def lost(phi_njyx: np.ndarray) -> np.ndarray:
    """Return the variance of `slopes` where the encoder sees the same, (n, t).

    Its mean over draws is the information that the encoder loses. Fields of one draw must lie far
    enough apart to be independent.
    """
    return slopes(phi_njyx).var(1, ddof=1)


def of_free_fields(kept_yx: np.ndarray, power_yx: np.ndarray) -> np.ndarray:
    """Return Var <T|y> of the T of kappa and of lambda, for free fields, (t,).

    `power_yx` is G(p), and `kept_yx` the part of it that is in y.

    That of lambda is sum_x [24 g(x)^4 + 2 (6 <phi^2> - 2)^2 g(x)^2], where g is the <phi(0) phi(x)>
    of what is kept, since Hermite's polynomials of different degree have no correlation.
    """
    cosine = np.cos(2 * np.pi * np.arange(len(power_yx)) / len(power_yx))
    g_yx, square = np.fft.ifft2(kept_yx).real, (6 * power_yx.mean() - 2)**2
    return np.array([8 * (((cosine[:, None] + cosine) * kept_yx)**2).sum(),
                     g_yx.size * (24 * g_yx**4 + 2 * square * g_yx**2).sum()])
