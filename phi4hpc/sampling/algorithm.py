"""What an algorithm is: a file of sampling/algorithms/, or the user's own module, with these names.

    ERGODIC: bool               whether it reaches every field by itself
    visits(sample)              how often a sweep visits each site, to count by
    launch(fields, sample, kappa_r, size_r, first, sweeps)      makes sweeps: see Launch

and where there is need

    STREAM: int                 the number of the random stream from which its kernel draws
    step_size(sample, L)        the StepSize that thermalisation tunes for every rung
    SETTINGS                    a Section: of our own, the deck's key sample.<name>

where `sample` is the deck's section of that name. A kernel is the file phi4hpc/kernels/<name>.cu,
or that whose path `fields.launch` is given. The deck imports these files to check itself, so they
import nothing heavy at their top, NumPy included.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from phi4hpc.deck.algorithms import algorithm, names
from phi4hpc.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from phi4hpc.deck.schema import Sample
    from phi4hpc.device.fields import Fields


class StepSize(NamedTuple):
    """What is tuned: from `first` on, and never above `largest`, until the part `acceptance` of
    proposals is accepted.

    `proposals` are made in a sweep of one replica.
    """

    first: float
    acceptance: float
    proposals: int
    largest: float = float('inf')


class Launch(Protocol):
    """The function `launch` of an algorithm."""

    def __call__(self, fields: 'Fields', sample: 'Sample', kappa_r: 'NDArray',
                 size_r: 'NDArray | None', first: int, sweeps: int) -> 'NDArray | None':
        """Make `sweeps` sweeps of every replica, numbered on from `first`; return the accepted
        proposals, (r,).

        `kappa_r`: the hopping of each replica, `size_r`: its step size, None where nothing is
        tuned. No two sweeps of a run have the same number, so a random word whose counter holds
        the number of the sweep, the site and the replica is drawn once. What is returned counts
        only where there is a step size.
        """


def require_streams(recipe: Iterable[str]) -> None:
    """Raise UserError where two of our algorithms and of those that a recipe names draw from the
    same stream."""
    from phi4hpc.kernels.philox import Stream

    taken = {int(stream): stream.name.lower() for stream in Stream}
    for name in dict.fromkeys([*names(), *recipe]):
        stream = getattr(algorithm(name), 'STREAM', None)
        if stream is None:
            continue
        if stream in taken or not 0 < stream < 256:
            known = ', '.join(f'{number} ({other})' for number, other in sorted(taken.items()))
            raise UserError(f'{name}: its STREAM is {stream}; expected a number from 1 to 255, '
                            f'none of {known}')
        taken[stream] = name
