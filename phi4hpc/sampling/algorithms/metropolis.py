"""Metropolis: two hits a site, proposed evenly within a half-width that is tuned for each rung.

The sites of one colour are visited after those of the other (kernels/metropolis.cu).
"""

from typing import TYPE_CHECKING

from phi4hpc.sampling.algorithm import StepSize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phi4hpc.deck.schema import Sample
    from phi4hpc.device.fields import Fields

STREAM = 2
ERGODIC = True
HITS = 2                          # of a site in a sweep


def visits(sample: 'Sample') -> int:
    """Return how often a sweep visits a site: once a hit."""
    return HITS


def step_size(sample: 'Sample', L: int) -> StepSize:
    """Return how the half-width of the proposal is tuned."""
    return StepSize(first=1.5, acceptance=sample.acceptance, proposals=HITS * L**2)


def launch(fields: 'Fields', sample: 'Sample | None', kappa_r: 'NDArray', size_r: 'NDArray',
           first: int, sweeps: int) -> 'NDArray':
    """Make sweeps, and return the accepted hits (r,); `size_r`: half-widths of the proposals."""
    accepted = fields.counters()
    fields.launch('metropolis', fields.reals(kappa_r), fields.reals(size_r), fields.replicas,
                  fields.lam, fields.seed, fields.unsigned(first), fields.integer(sweeps), accepted,
                  stream=STREAM)
    return fields.numpy(accepted)
