"""The deck's types: every key, its meaning, its bounds and its default, each said once, here.

The JSON Schema in input/, the faults of `phi4hpc check` and the defaults of a run all come from these classes.
"""

from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kappa = Annotated[float, Field(ge=0.0, le=10.0)]
Count = Annotated[int, Field(ge=1)]
Even = Annotated[int, Field(ge=2, le=16384, multiple_of=2)]
Family = Literal['linear', 'dense']


class CrossFault(ValueError):
    """A fault between keys: `where` is the path of the key to blame, the message says the remedy."""

    def __init__(self, where, message):
        self.where = tuple(where)
        super().__init__(message)


class Section(BaseModel):
    """A block of the deck: unknown keys are refused, and nothing changes after it is read."""

    model_config = ConfigDict(extra='forbid', frozen=True, use_attribute_docstrings=True,
                              populate_by_name=True, serialize_by_alias=True, allow_inf_nan=False)


class Action(Section):
    """S = sum_x { -2 kappa phi(x) [phi(x+e1) + phi(x+e2)] + (1 - 2 lambda) phi(x)^2 + lambda phi(x)^4 }."""

    lam: float = Field(0.02, alias='lambda', ge=0.0, le=1e4)
    """Quartic coupling lambda. 0 is the Gaussian model (then every kappa must lie below 1/4)."""


class Lattice(Section):
    """The periodic L x L lattices that are sampled."""

    sizes: list[Even] = Field(min_length=1)
    """Linear sizes L, each even, smallest first."""

    @model_validator(mode='after')
    def _ascending(self) -> Self:
        require_ascending(self.sizes, ['sizes'])
        return self


class Ladder(Section):
    """The hoppings at which replicas are sampled and between which they are exchanged."""

    kappas: list[Kappa] = Field(min_length=1)
    """The rungs, smallest first. Neighbours exchange replicas, so rungs should be dense near kappa_c."""
    chains: Count = 2
    """Independent copies of the whole ladder; errors and validation splits profit from two or more."""

    @model_validator(mode='after')
    def _ascending(self) -> Self:
        require_ascending(self.kappas, ['kappas'])
        return self


class Sample(Section):
    """How configurations are made. A step is one pass of the recipe, then a round of swaps between rungs."""

    recipe: list[dict[Literal['metropolis'], Count]] = Field(default=[{'metropolis': 1}], min_length=1)
    """Sweeps of a step, in order, each `algorithm: sweeps`. A Metropolis sweep makes two hits a site."""
    thermalisation: Count = 1000
    """Steps before the first draw. Step sizes are tuned during the first four fifths of them, then frozen."""
    draws: Count = 1000
    """Configurations kept, for each kappa and chain."""
    spacing: Count = 10
    """Steps from one draw to the next."""
    acceptance: float = Field(0.5, ge=0.1, le=0.9)
    """Metropolis acceptance that the step sizes are tuned to."""
    start: Literal['hot', 'cold', 'mixed'] = 'mixed'
    """First fields: independent normal deviates (hot), all sites 1 (cold), or hot and cold by turns over the chains."""


class Storage(Section):
    """How ensembles.h5 is written; what is read back is the same."""

    driver: Literal['auto', 'mpio', 'virtual'] = 'auto'
    """`mpio`: one file by parallel HDF5. `virtual`: a file a rank behind a virtual dataset. `auto`: mpio where h5py can."""


class Train(Section):
    """Autoencoders R^D -> R^d -> R^D, D = L^2, trained on configurations of one lattice; one for each kappa, family, latent."""

    lattice: Even
    """The L they are trained on, one of lattice.sizes."""
    kappas: list[Kappa] = Field(min_length=1)
    """Hoppings they are trained at, each a rung of the ladder."""
    families: list[Family] = Field(default=['linear', 'dense'], min_length=1)
    """`linear`: a matrix each way, from the optimum over Fourier modes. `dense`: that plus a one-layer remainder, odd under Z2."""
    latents: list[Count] = Field(min_length=1)
    """Latent sizes d, each below D."""
    hidden: Count = 256
    """Width of the hidden layer of the dense family."""
    epochs: Count = 20
    """Passes over the training configurations."""
    batch: Count = 128
    """Configurations in one optimiser step, over all ranks."""
    rate: float = Field(1e-3, gt=0.0, le=1.0)
    """Learning rate of Adam, falling to zero along a cosine."""
    validation: float = Field(0.2, gt=0.0, le=0.5)
    """Part of every chain, its last draws, that is kept from training; a gap separates the two."""


class Analyse(Section):
    """Jacobians of the trained models and their singular values."""

    draws: Count = 256
    """Configurations at which Jacobians are formed, for each model; taken evenly from the validation draws."""
    directions: Count = 8
    """Leading singular directions that are kept."""


class Deck(Section):
    """One study: what to sample, what to train, what to look at."""

    title: str = ''
    """A heading for the report."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    """Seed of every random stream. The same deck gives the same bits on any number of ranks."""
    device: Literal['auto', 'host', 'cuda'] = 'auto'
    """Where kernels and networks run. `auto` takes a GPU where there is one and says so; `cuda` without one is an error."""
    precision: Literal['float32', 'float64'] = 'float32'
    """Type of the fields. Observables are accumulated in float64 either way."""
    action: Action = Action()
    lattice: Lattice
    ladder: Ladder
    sample: Sample = Sample()
    storage: Storage = Storage()
    train: Train | None = None
    """Left out: the run samples and reports, and trains nothing."""
    analyse: Analyse = Analyse()

    @model_validator(mode='after')
    def _kappa_converges(self) -> Self:
        for i, kappa in enumerate(self.ladder.kappas):
            if self.action.lam == 0 and kappa >= 0.25:
                raise CrossFault(['ladder', 'kappas', i], f'kappa = {kappa:g} diverges at lambda = 0: '
                                 'expected kappa < 0.25, or action.lambda > 0')
        return self

    @model_validator(mode='after')
    def _train_is_sampled(self) -> Self:
        if self.train is None:
            return self
        if self.train.lattice not in self.lattice.sizes:
            raise CrossFault(['train', 'lattice'], f'L = {self.train.lattice} is not sampled: '
                             f'expected one of lattice.sizes {self.lattice.sizes}')
        for i, kappa in enumerate(self.train.kappas):
            if kappa not in self.ladder.kappas:
                nearest = min(self.ladder.kappas, key=lambda k: abs(k - kappa))
                raise CrossFault(['train', 'kappas', i], f'kappa = {kappa:g} is not on the ladder: '
                                 f'expected one of ladder.kappas, of which {nearest:g} is nearest')
        return self

    @model_validator(mode='after')
    def _latent_compresses(self) -> Self:
        sites = self.train.lattice**2 if self.train else 0
        for i, latent in enumerate(self.train.latents if self.train else ()):
            if latent > sites:
                raise CrossFault(['train', 'latents', i], f'latent size {latent} exceeds the L^2 = {sites} sites '
                                 f'of train.lattice: expected at most {sites}')
        return self


def require_ascending(values, where):
    """Raise CrossFault at the first value that does not exceed the one before it."""
    for i, (low, high) in enumerate(pairwise(values), start=1):
        if high <= low:
            raise CrossFault([*where, i], f'{high:g} does not exceed {low:g} before it: expected ascending values, no two alike')
