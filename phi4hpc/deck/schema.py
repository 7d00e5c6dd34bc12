"""The deck's types: every key, its meaning, its bounds and its default, each said once, here.

The JSON Schema in input/, the faults of `phi4hpc check` and the defaults of a run all come from
these classes. They judge each key alone; `cross.py` judges keys against one another, and `load.py`
does both: it is the one door through which a Deck comes.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, create_model

from phi4hpc.deck import algorithms
from phi4hpc.deck.modules import Module
from phi4hpc.deck.observables import Name as Observable
from phi4hpc.deck.plugged import Entry, Folder
from phi4hpc.deck.section import MOST, Count, Section, whole

FEWEST_DRAWS = 5                  # from which the Gamma method makes an error
SHORTEST_ROUND = 16
"""Steps, at least, before the rungs of a tuned ladder move for the first time."""
LARGEST_KAPPA = 10.0

Kappa = Annotated[float, Field(ge=0.0, le=LARGEST_KAPPA)]
Draws = Annotated[int, Field(ge=FEWEST_DRAWS, le=MOST), BeforeValidator(whole)]
Rungs = Annotated[int, Field(ge=2, le=2**16), BeforeValidator(whole)]
Even = Annotated[int, Field(ge=2, le=16384, multiple_of=2), BeforeValidator(whole)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1), BeforeValidator(whole)]
Algorithm = Annotated[str, AfterValidator(algorithms.known),
                      WithJsonSchema(algorithms.json_schema())]
Sweeps = Annotated[dict[Algorithm, Count], Field(min_length=1, max_length=1)]
RECIPE = [{'metropolis': 1}, {'overrelaxation': 7}, {'cluster': 1}]
"""The cheapest independent |M| of those tried at kappa_c(0.02), L = 32 to 128; see
docs/performance.md."""
FAMILIES = Folder('phi4hpc.blockspin.families', 'Family')
COSTS = Folder('phi4hpc.blockspin.costs', 'Cost')
BLOCKS = Folder('phi4hpc.flow.blocks', 'Block')
RECONSTRUCTION: list[dict[str, dict]] = [{'reconstruction': {}}]


class Action(Section):
    """S = sum_x { -2 kappa phi(x) [phi(x+e1) + phi(x+e2)]
    + (1 - 2 lambda) phi(x)^2 + lambda phi(x)^4 }."""

    lam: float = Field(default=0.02, alias='lambda', ge=0.0, le=1e4)
    """Quartic coupling lambda. 0 is the Gaussian model (then every kappa must lie below 1/4)."""


class Lattice(Section):
    """The periodic L x L lattices that are sampled."""

    sizes: list[Even] = Field(min_length=1)
    """Linear sizes L, each even, smallest first."""


class TunedLadder(Section):
    """A ladder whose rungs move during the first half of thermalisation until all pairs exchange
    equally often."""

    lowest: Kappa
    """The first rung."""
    highest: Kappa
    """The last rung."""
    rungs: Rungs
    """Number of rungs, ends and pinned ones counted. For the same acceptance it grows like L; the
    log says where they are too few."""
    pinned: list[Kappa] = []
    """Rungs that stay where they are, smallest first: what is trained at, or compared between
    lattices."""


class Ladder(Section):
    """The hoppings at which replicas are sampled and between which they are exchanged."""

    kappas: list[Kappa] | None = Field(None, min_length=1)
    """The rungs, smallest first, where the deck fixes them. Neighbours exchange replicas, so rungs
    should be dense near kappa_c."""
    tuned: TunedLadder | None = None
    """In place of kappas: how many rungs, and in which range. Where they are is found for each
    lattice."""
    critical: list[float] | None = Field(None, min_length=1)
    """In place of kappas: rungs as differences from kappa_c, smallest first. For lambda from 0.01
    to 10, where kappa_c is known well enough to place rungs about it; the resolved deck has them as
    kappas."""
    chains: Count = 2
    """Independent copies of the whole ladder; errors, and what is held out from training, profit
    from two or more."""

    @property
    def rungs(self) -> int:
        """Return the number of rungs."""
        return self.tuned.rungs if self.tuned else len(self.kappas or ())

    @property
    def pinned(self) -> list[float]:
        """Return the rungs that every lattice has, whatever tuning finds: all of them where the
        deck fixes them.
        """
        if self.tuned is None:
            return self.kappas or []
        return [self.tuned.lowest, *self.tuned.pinned, self.tuned.highest]

    @property
    def replicas(self) -> int:
        """Return the number of replicas of each lattice."""
        return self.chains * self.rungs


class Recipe(Section):
    """How configurations are made. A step is one pass of the recipe, then a round of swaps between
    rungs."""

    recipe: list[Sweeps] = Field(default=RECIPE, min_length=1)
    """Sweeps of a step, in order, each `algorithm: sweeps`. `metropolis`: two hits a site, of tuned
    width. `overrelaxation`: a site is reflected; long waves decorrelate faster, but not every field
    is reached by it alone. `cluster`: clusters of like sign are flipped or not, which leaves moduli
    alone and beats critical slowing down. `hmc`: trajectories of hybrid Monte Carlo, which move all
    sites at once, as said in sample.hmc. An algorithm of your own is named by the dotted path of
    its module."""
    thermalisation: Count = 1000
    """Steps before the first draw. Step sizes are tuned during the first four fifths of them, then
    frozen."""
    draws: Draws = 1000
    """Configurations kept, for each kappa and chain."""
    spacing: Count = 10
    """Steps from one draw to the next."""
    fields: Annotated[int, Field(ge=0, le=MOST), BeforeValidator(whole)] = 1
    """With 1, the configuration of every draw is kept, with 2 that of every other draw, and so on;
    with 0, none is. Series have every draw, and so have all means except propagators. Training
    needs 1."""
    acceptance: float = Field(default=0.5, ge=0.1, le=0.9)
    """Metropolis acceptance that the step sizes are tuned to."""
    start: Literal['hot', 'cold', 'mixed'] = 'mixed'
    """First fields: independent normal deviates (hot), all sites 1 (cold), or the two by turns
    (mixed)."""

    @property
    def steps(self) -> int:
        """Return the steps of each replica, thermalisation included."""
        return self.thermalisation + self.draws * self.spacing


if TYPE_CHECKING:
    Sample = Recipe
else:
    Sample = create_model(
        'Sample', __base__=Recipe, __doc__=Recipe.__doc__, __module__=__name__,
        **{name: (made, made()) for name, made in algorithms.settings().items()})
    """Recipe, and a section for each algorithm that has settings, named like it."""


class Storage(Section):
    """How ensembles.h5 is written; what is read back is the same."""

    driver: Literal['auto', 'mpio', 'virtual'] = 'auto'
    """`mpio`: one file by parallel HDF5. `virtual`: a file a rank behind a virtual dataset.
    `auto`: mpio where h5py can."""


class Checkpoint(Section):
    """When the state of a run is kept, from which it goes on after a stop or a kill."""

    interval: float = Field(default=300.0, gt=0.0)
    """Seconds from one checkpoint to the next. A stop that was asked for loses nothing, a kill at
    most this time."""
    keep: Count = 2
    """Checkpoints kept; should the newest be damaged, the run goes on from the one before."""


class Measure(Section):
    """What is estimated of the draws."""

    observables: list[Observable] = []
    """Observables of your own, beside all of ours: dotted paths of modules such as mygroup.energy,
    which Python finds in the folder of the deck or on PYTHONPATH. They are estimated at each rung,
    before and after each model, and reweighted where they need no fields, or every draw has one."""


class Train(Section):
    """Autoencoders R^D -> R^d -> R^D, D = L^2, of one lattice: one for each kappa, family and
    latent size.

    Families and costs are files of phi4hpc/blockspin/families and costs, or modules of your own by
    dotted paths."""

    lattice: Even
    """The L they are trained on, one of lattice.sizes."""
    kappas: list[Kappa] = Field(min_length=1)
    """Hoppings they are trained at, each a rung of the ladder."""
    models: list[Annotated[Entry, FAMILIES]] = Field(min_length=1)
    """Families of autoencoders, each `family: settings`. One may be named again with other
    settings."""
    costs: list[Annotated[Entry, COSTS]] = Field(RECONSTRUCTION, min_length=1,
                                                 validate_default=True)
    """What training makes small, each `cost: settings`: their sum, by weights. An entry of models
    may have costs of its own."""
    epochs: Count = 400
    """Passes over the training configurations at most; a training that has converged makes fewer.
    """
    seeds: Count = 1
    """Trainings of every model that is trained, each with first weights and batches of its own."""
    surrogate: bool = False
    """Whether every model that is trained is trained once more on Gaussian fields of the same
    propagator, as a control: what it gains there is over-fitting, or several modes in the digits of
    a latent. Where it gains nothing, the model itself may still hold some there."""
    ranks_per_model: Count | None = None
    """Ranks that train a model together; others train other models meanwhile. Left out:
    the number with which all are trained soonest, as `phi4hpc check` says."""
    patience: Count = 20
    """Epochs without a gain on the validation draws, after which the learning rate falls and
    training ends. To see that takes train.epochs of more than two and a half times this."""
    batch: Count = 128
    """Configurations in one optimiser step, over all ranks."""
    rate: float = Field(3e-4, gt=0.0, le=1.0)
    """Learning rate of Adam. It rises during the first hundred steps, and falls to zero along a
    cosine at the end."""
    held_out: float = Field(0.2, gt=0.0, le=0.5)
    """Part of every chain, its last draws, that is kept from training: half of it chooses the
    epoch, half tests. Gaps of 2% separate the three."""


class Analyse(Section):
    """Jacobians of the trained models and their singular values."""

    draws: Draws = 256
    """Configurations at which each model's Jacobians are formed, taken evenly from the test draws.
    """
    directions: Count = 8
    """Leading singular directions that are kept."""
    observables: list[Observable] = Field(
        default=['magnetisation', 'binder', 'propagator', 'hopping'], min_length=1)
    """Observables of the decoded fields that are differentiated by the latents: files of
    phi4hpc/lattice/observables/, or modules of your own by dotted paths."""


class Flow(Section):
    """Block spins applied to the configurations again and again, the couplings of what comes out,
    and exponents by the Monte Carlo renormalisation group.

    Block spins are files of phi4hpc/flow/blocks, or modules of your own by dotted paths; a block
    has 2 x 2 sites."""

    lattices: list[Even] = Field(min_length=1)
    """The L that are started from, out of lattice.sizes. Two that differ by a factor of 2 show what
    finite size does to exponents, and locate kappa_c by matching."""
    kappas: list[Kappa] = Field(min_length=1)
    """Hoppings of the configurations, each a rung of the ladder. Exponents are those of the
    transition where this is kappa_c."""
    blocks: list[Annotated[Entry, BLOCKS]] = Field(min_length=1)
    """Block spins, each `block spin: settings`. One may be named again with other settings."""
    operators: list[Module] = []
    """Operators of your own beside ours: dotted paths of modules such as mygroup.operator, which
    Python finds in the folder of the deck or on PYTHONPATH."""
    smallest: Annotated[int, Field(ge=4, le=16384), BeforeValidator(whole)] = 8
    """The smallest lattice of blocks."""


class Report(Section):
    """The figures of the page."""

    figures: list[Module] = []
    """Figures of your own beside ours: dotted paths of modules such as mygroup.figure, which Python
    finds in the folder of the deck or on PYTHONPATH. docs/extending.md shows one."""
    beside: list[str] = []
    """Directories of other runs, whose models are shown beside this run's in figures that compare:
    gains against lambda, kappa and latent size. Each must have done its stage train."""


class Deck(Section):
    """One study: what to sample, what to train, what to look at."""

    title: str = ''
    """A heading for the report."""
    seed: Seed = 1
    """Seed of every random stream. The same deck gives the same bits on any number of ranks."""
    device: Literal['auto', 'host', 'cuda'] = 'auto'
    """Where kernels and networks run. `auto` takes a GPU where there is one and says so.
    `cuda` without one is an error."""
    precision: Literal['float32', 'float64'] = 'float32'
    """Type of the fields. Observables are accumulated in float64 either way."""
    action: Action = Action()
    lattice: Lattice
    ladder: Ladder
    sample: Sample = Sample()
    storage: Storage = Storage()
    checkpoint: Checkpoint = Checkpoint()
    patience: float = Field(default=300.0, ge=1.0, le=1e9)
    """Seconds without a sign of life after which a rank is taken for lost and the job is ended."""
    measure: Measure = Measure()
    train: Train | None = None
    """Left out: the run samples and reports, and trains nothing."""
    analyse: Analyse = Analyse()
    flow: Flow | None = None
    """Left out: no block spin is applied more than once."""
    report: Report = Report()
