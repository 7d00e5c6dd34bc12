"""What an observable is: a file of lattice/observables/, or a user's own module of the same form.

    LABEL = '$U_L$'                  # LaTeX, for figures and tables
    LONG_LABEL = ...                 # the label of an axis, with the definition; else LABEL
    NAME = 'Binder cumulant'         # in words; else the name of the file
    ESTIMATED = ('rungs', ...)       # where it is estimated unasked; else everywhere, as EVERYWHERE

    def moments(draws):              # {name: array over the draws} of a lattice.draws.Draws,
        ...                          #     of functions that NumPy and torch have alike

    def value(mean, ensemble):       # a function of the means of these moments, in an Ensemble:
        ...                          #     of numbers, of pyerrors.Obs and of tensors; None where
                                     #     it is not defined. Without it, the one moment's mean

    ARGUMENT = 'p_hat'               # what the values are a function of, where they are a list:
    def argument(L):                 #     then a moment has one axis more than the draws,
        ...                          #     and here are the values of the argument

Moments of one name are averaged once: `m2`, the mean of M^2, serves several of our observables.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from phi4hpc import plugins
from phi4hpc.errors import UserError
from phi4hpc.lattice.arrays import Array
from phi4hpc.lattice.draws import Draws, NoFields
from phi4hpc.lattice.series import SERIES

FOLDER = 'phi4hpc.lattice.observables'
EVERYWHERE = ('rungs', 'curves', 'reconstructions')
"""Of all draws of a rung; reweighted, as a curve over kappa; of draws before and after a model."""
ROUNDING = 1e-12
"""What a mean square is at most that holds nothing but rounding errors: fields are of order one."""
Moments = dict[str, Array]
Mean = Any
"""A number, a pyerrors.Obs or a tensor; a list or an array of them where the moment has an axis."""
Means = Mapping[str, Mean]


class Ensemble(NamedTuple):
    """What is averaged over: an L x L lattice at kappa and lambda."""

    L: int
    kappa: float
    lam: float

    @property
    def sites(self) -> int:
        """Omega."""
        return self.L**2


@dataclass(frozen=True)
class Observable:
    """An observable by its name in the deck, and what a trial on a few random fields has shown."""

    name: str
    module: ModuleType
    moment_names: tuple[str, ...]
    needs_fields: bool

    @property
    def label(self) -> str:
        """LaTeX, for figures and tables."""
        return self.module.LABEL

    @property
    def long_label(self) -> str:
        """LaTeX with the definition, for an axis."""
        return getattr(self.module, 'LONG_LABEL', self.label)

    @property
    def words(self) -> str:
        """The name in words, for titles and captions."""
        stem = self.name.rpartition('.')[2]
        return getattr(self.module, 'NAME', stem.replace('_', ' '))

    @property
    def estimated(self) -> tuple[str, ...]:
        """Where it is estimated without being asked for, out of EVERYWHERE."""
        return getattr(self.module, 'ESTIMATED', EVERYWHERE)

    @property
    def argument_name(self) -> str | None:
        """What the values are a function of, where they are a list; None where it is one value."""
        return getattr(self.module, 'ARGUMENT', None)

    @property
    def is_mean(self) -> bool:
        """Whether the value is the mean of the one moment, not a function of means."""
        return not hasattr(self.module, 'value')

    def argument(self, L: int) -> Iterable[float]:
        """Return the values of the argument on an L x L lattice."""
        return self.module.argument(L)

    def moments(self, draws: Draws) -> Moments:
        """Return {name: (...)} or {name: (..., p)} over draws (...).

        Raises NoFields where the draws are known by series alone and `needs_fields` is true.
        """
        own = _tried(self.name, self.module.moments, draws)
        return {self._key(name): array for name, array in own.items()}

    def value(self, means: Means, ensemble: Ensemble) -> Mean | None:
        """Return the value from means named as by `moments`, among others; None: not defined."""
        if self.is_mean:
            return means[self.keys[0]]
        own = {name: means[self._key(name)] for name in self.moment_names}
        with np.errstate(invalid='ignore'):          # a chain alone may lie where it is undefined
            return _tried(self.name, self.module.value, own, ensemble)

    def shapes(self, L: int) -> dict[str, tuple[int, ...]]:
        """Return {name: () or (p,)}, the shape of each moment of one draw of an L x L lattice."""
        one = self.moments(Draws.of_fields(np.ones((1, L, L))))
        return {key: np.shape(array)[1:] for key, array in one.items()}

    @property
    def keys(self) -> list[str]:
        """The names of its moments among those of all observables."""
        return [self._key(name) for name in self.moment_names]

    def _key(self, name: str) -> str:
        # The moments of a user's observable are its own, whatever they are called.
        return f'{self.name}: {name}' if '.' in self.name else name


@cache
def load(name: str) -> Observable:
    """Return the observable that a deck calls `name`: the name of our file, or a dotted path.

    Raises UserError where there is none, or where it is not what this module says.
    """
    module = plugins.load(FOLDER, name)
    if not callable(getattr(module, 'moments', None)) or not hasattr(module, 'LABEL'):
        raise UserError(f'{name}: expected an observable, which has LABEL and moments(draws)')
    phi = np.random.default_rng(1).normal(size=(2, 3, 4, 4))
    of_fields = Draws.of_fields(phi)
    moments = _tried(name, module.moments, of_fields)
    for key, array in moments.items():
        if np.shape(array)[:2] != (2, 3) or np.ndim(array) > 3:
            raise UserError(f'{name}: the moment {key} of draws of shape (2, 3) has the shape '
                            f'{np.shape(array)}: expected (2, 3), or one axis more')
    observable = Observable(name, module, tuple(moments), _needs_fields(module))
    if observable.is_mean and len(moments) != 1:
        raise UserError(f'{name}: {len(moments)} moments and no value(mean, ensemble): expected '
                        'one moment, whose mean is the value, or such a function')
    means = {key: array.mean((0, 1)) for key, array in observable.moments(of_fields).items()}
    observable.value(means, Ensemble(4, 0.2, 1.0))
    return observable


def _tried(name: str, function: Callable, *args: Any) -> Any:
    """Return what a function of the observable returns; raise UserError where a user's fails."""
    try:
        return function(*args)
    except Exception as error:
        if '.' not in name or isinstance(error, NoFields):
            raise
        said = ' '.join(str(error).split())
        raise UserError(f'{name}: {function.__name__} fails ({type(error).__name__}: {said}); '
                        'docs/extending.md says what it is given, and what it is to return'
                        ) from error


def _needs_fields(module: ModuleType) -> bool:
    """Return whether the moments ask for more than stored series."""
    try:
        module.moments(Draws.of_series(4, dict.fromkeys(SERIES, np.ones(2))))
    except NoFields:
        return True
    return False


def chosen(place: str, extra: Iterable[str] = ()) -> dict[str, Observable]:
    """Return {name: Observable} of ours that are estimated in `place`, and of those in `extra`."""
    ours = [name for name in plugins.names(FOLDER) if place in load(name).estimated]
    return {name: load(name) for name in (*ours, *extra)}


def moments(observables: Mapping[str, Observable], draws: Draws) -> Moments:
    """Return the moments of all observables, each once."""
    return {key: array for observable in observables.values()
            for key, array in observable.moments(draws).items()}


def arccosh(mean: Mean) -> Mean:
    """Return arccosh of a number, a pyerrors.Obs or a tensor."""
    return mean.arccosh() if hasattr(mean, 'arccosh') else np.arccosh(mean)
