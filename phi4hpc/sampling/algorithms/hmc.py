"""Hybrid Monte Carlo: trajectories that move all sites at once and are accepted or not
(kernels/hmc.cu)."""

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import Field

from phi4hpc.deck.section import Count, Section
from phi4hpc.sampling.algorithm import StepSize

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from phi4hpc.device.fields import Fields

STREAM = 6
ERGODIC = True


class Integrator(NamedTuple):
    """The first kick, in steps, and the drifts of a step."""

    first_kick: float
    drifts: int


INTEGRATORS = {'leapfrog': Integrator(0.5, 1), 'omelyan': Integrator(0.1931833275037836, 2)}
"""`omelyan` is of second order like leapfrog, with the smallest norm of what it leaves out:
Omelyan, Mryglod, Folk, Comput. Phys. Commun. 146, 188, eq. 31."""


class Hmc(Section):
    """Trajectories of hybrid Monte Carlo."""

    integrator: Literal['leapfrog', 'omelyan'] = 'omelyan'
    """Both are of second order and reversible. `leapfrog`: one force a step. `omelyan`: two, but a
    smaller error for the same number of forces."""
    length: float = Field(5.0, gt=0.0, le=1000.0)
    """Length of a trajectory in units of molecular dynamics time; each varies by up to a fifth
    either way."""
    steps: Count = 10
    """Steps of a trajectory at first: the step size is then tuned, and their number follows from
    the length."""
    acceptance: float = Field(0.8, ge=0.1, le=0.99)
    """Part of the trajectories that the step size is tuned to have accepted, for each kappa."""


SETTINGS = Hmc


def visits(sample: Any) -> int:
    """Return how often a trajectory visits a site, with the steps that it has before tuning: once
    a force.

    There is one force more than the steps have, as neighbouring steps share theirs.
    """
    return sample.hmc.steps * INTEGRATORS[sample.hmc.integrator].drifts + 1


def step_size(sample: Any, L: int) -> StepSize:
    """Return how the step of the integrator is tuned, which is never longer than a trajectory."""
    hmc = sample.hmc
    return StepSize(hmc.length / hmc.steps, hmc.acceptance, proposals=1, largest=hmc.length)


def launch(fields: 'Fields', sample: Any, kappa_r: 'NDArray', size_r: 'NDArray', first: int,
           sweeps: int) -> 'NDArray':
    """Make trajectories, and return the accepted ones (r,); `size_r`: steps of the integrator."""
    import numpy as np

    hmc = sample.hmc
    steps_r = np.ceil(hmc.length / size_r)
    return trajectories(fields, kappa_r, steps_r, first, sweeps, hmc.length, hmc.integrator)[0]


def trajectories(fields: 'Fields', kappa_r: 'ArrayLike', steps_r: 'ArrayLike', first: int,
                 count: int, length: float, integrator: str) -> tuple['NDArray', 'NDArray']:
    """Make `count` trajectories, numbered on from `first`; return (accepted (r,), energy gained
    (r, trajectory)).

    `steps_r`: the steps of each replica's trajectories; `length`: their mean length, as they vary
    by a fifth either way.
    """
    accepted, gained = fields.counters(), fields.sums(count)
    size, (first_kick, drifts) = fields.packed[0].size, INTEGRATORS[integrator]
    fields.launch('hmc', fields.scratch('momenta', size), fields.scratch('saved', size),
                  fields.reals(kappa_r), fields.integers(steps_r), fields.replicas, fields.lam,
                  fields.double(length), fields.double(first_kick), fields.integer(drifts),
                  fields.seed, fields.unsigned(first), fields.integer(count), accepted, gained,
                  stream=STREAM)
    return fields.numpy(accepted), fields.numpy(gained)
