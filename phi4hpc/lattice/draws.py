"""Draws of one lattice as observables see them, whether they are stored series or whole fields.

An observable asks for `draws.magnetisation`, and need not know where it comes from. So one and the
same observable serves the series in ensembles.h5, reconstructions, and tensors of torch, through
which its derivatives are then taken.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from array_api_compat import is_torch_array

from phi4hpc.lattice import action, momenta
from phi4hpc.lattice.arrays import Array


class NoFields(LookupError):
    """Only a field tells what was asked for, and of these draws there are series alone."""


class Draws:
    """Quantities of each draw, made when they are first asked for: arrays over the draws (...).

    Densities are per site. `phi` are the fields (..., y, x). Lines through the origin of momentum
    space have one more axis, n = 0 ... L/2. Raises NoFields for what the draws do not have.
    """

    def __init__(self, L: int, **known: Array) -> None:
        self.L = L
        # A cached property takes what it finds under its name, and so is never made of fields then.
        vars(self).update(known)

    @classmethod
    def of_series(cls, L: int, series: Mapping[str, Array]) -> 'Draws':
        """Return draws whose `series` {name: (...)}, named as by lattice.series, are known."""
        return cls(L, **series)

    @classmethod
    def of_fields(cls, phi: Array) -> 'Draws':
        """Return the draws of fields (..., y, x): in float64 where NumPy holds them."""
        phi = phi if is_torch_array(phi) else np.asarray(phi, np.float64)
        return cls(phi.shape[-1], phi=phi)

    @cached_property
    def phi(self) -> Array:
        """The fields, (..., y, x)."""
        raise NoFields('of these draws there are series alone, without their fields')

    @cached_property
    def magnetisation(self) -> Array:
        """M = sum_x phi(x) / Omega."""
        return self.phi.sum((-2, -1)) / self.L**2

    @cached_property
    def hopping(self) -> Array:
        """H / Omega, H = sum_{x,mu} phi(x) phi(x+mu)."""
        return action.hopping(self.phi) / self.L**2

    @cached_property
    def phi2(self) -> Array:
        """The mean of phi^2 over the sites."""
        return (self.phi**2).sum((-2, -1)) / self.L**2

    @cached_property
    def phi4(self) -> Array:
        """The mean of phi^4 over the sites."""
        return (self.phi**4).sum((-2, -1)) / self.L**2

    @cached_property
    def mode(self) -> Array:
        """|phi~(p)|^2 / Omega at p = 2 pi / L along an axis, the mean of both axes."""
        return self.axis_propagator[..., 1]

    @cached_property
    def axis_propagator(self) -> Array:
        """|phi~(p)|^2 / Omega along an axis, the mean of both axes."""
        return momenta.axis_propagator(self.phi)

    @cached_property
    def diagonal_propagator(self) -> Array:
        """|phi~(p)|^2 / Omega along a diagonal, the mean of both diagonals."""
        return momenta.diagonal_propagator(self.phi)

    @cached_property
    def correlator(self) -> Array:
        """The correlator of time slices at the distances t = 0 ... L/2."""
        return momenta.correlator(self.axis_propagator)
