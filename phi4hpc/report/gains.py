"""What block spins gain over the linear optimum, in this run and in runs beside it.

The gain is 1 - loss / loss of the linear optimum of the same latent size. That of models is over
test draws. That of linear block spins follows from G(p), over all draws, without a model.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.families import decimation, kadanoff, zone
from phi4hpc.blockspin.family import Baseline
from phi4hpc.blockspin.optimum import linear_loss
from phi4hpc.lattice.modes import leading_modes, mode_propagator
from phi4hpc.lattice.orbits import symmetrised
from phi4hpc.report.beside import beside
from phi4hpc.report.information import Arrays, over_seeds
from phi4hpc.report.models import ALIKE, alike
from phi4hpc.report.numbers import value_error
from phi4hpc.report.paired import CLEAR
from phi4hpc.report.study import Model, Study, together
from phi4hpc.report.trainings import pooled
from phi4hpc.statistics.estimates import blocks

LINEAR = {'zone': zone.Family, 'kadanoff': kadanoff.Family, 'decimation': decimation.Family}
"""The block spins whose gain is exact, each with its best linear decoder."""
STAYS = 0.5                   # of a gain, on Gaussian fields, from which on that is said


class OnGaussian(NamedTuple):
    """What a model gains on Gaussian fields of its propagator, and the error."""

    gain: float
    error: float


Gaussian = dict[int, OnGaussian]
"""By the id of a Model, since models of runs beside each other may share a name."""
NONE: Gaussian = {}


@dataclass(frozen=True)
class Place:
    """Where models were trained, and these, less those that lose nothing; controls by `of_seeds`.
    """

    lam: float
    L: int
    kappa: float
    study: Study
    models: list[Model]
    controls: dict[str, Model] = field(default_factory=dict)

    @property
    def sizes(self) -> list[list[int]]:
        """The latent sizes, those that are compared in one list."""
        return alike(model.latent for model in self.models)

    @cached_property
    def propagator_yx(self) -> np.ndarray:
        """G(p) at all momenta, from all draws."""
        power_yx = np.zeros((self.L, self.L))
        with self.study.ensembles() as ensembles:
            lattice = ensembles[self.L]
            k, draws = lattice.rung(self.kappa), slice(0, lattice.draws)
            for c in range(lattice.chains):
                for phi_nyx in blocks(lattice, k, c, draws):
                    power_yx += len(phi_nyx) * mode_propagator(phi_nyx)
        return symmetrised(power_yx / (lattice.chains * lattice.draws))

    def linear(self, sizes: list[int]) -> dict[str, float]:
        """Return the gain of each block spin of LINEAR whose latents number about as given.

        It is empty where no blocks of sites are of such a size.
        """
        block = max(2, round(self.L / sizes[-1] ** 0.5))
        blocks_there = (self.L // block) ** 2
        if self.L % block or not 1 / ALIKE <= blocks_there / sizes[-1] <= ALIKE:
            return {}
        dropped = leading_modes(self.propagator_yx, blocks_there).dropped / self.L**2
        return {name: 1 - self.loss(family(block=block)) / dropped
                for name, family in LINEAR.items()}

    def loss(self, family: Baseline) -> float:
        """Return the loss of a site of a linear block spin."""
        latent, = family.sizes(self.L)
        known = MeasuredEnsemble(self.L, self.kappa, self.lam, self.propagator_yx, (0,))
        encoder_dD = family.encoder(latent, known)
        return linear_loss(encoder_dD, family.decoder(encoder_dD, known), self.propagator_yx)


def places(study: Study) -> list[Place]:
    """Return where models of the study were trained, then where those of the runs beside it were.

    Models that are the linear optimum itself are left out, and places that have no others. Raises
    UserError as `beside` does.
    """
    return [place for each in (study, *beside(study)) for place in of_run(each)]


def of_run(study: Study) -> list[Place]:
    """Return the places of one run; none where its deck trains nothing."""
    controls = {model.of_seeds: model for model in study.controls}
    of_kappa: dict[tuple[int, float], list[Model]] = {}
    for group in together(study.records(False)):
        if not ((model := pooled(group)).lossless or model.optimal):
            of_kappa.setdefault((model.L, model.kappa), []).append(model)
    return [Place(study.deck.action.lam, L, kappa, study, models, controls)
            for (L, kappa), models in of_kappa.items()]


def gain(model: Model) -> tuple[float, float, float]:
    """Return the gain of a model, with its errors over draws and over seeds."""
    record = model.record
    return 1 - record['ratio'], record['ratio_error'], record['ratio_seeds']


def on_gaussian(study: Study, found: list[Place]) -> Gaussian:
    """Return what the trained models of the study itself gain on Gaussian fields, where latent.h5
    has it."""
    models = [model for place in found if place.study is study for model in place.models
              if model.record['trained']]
    if not models:
        return {}
    with study.latent() as latent:
        groups = {id(model): over_seeds(latent, model, 'gaussian') for model in models}
    return {model: OnGaussian(float(group['gain']), float(group['gain_error']))
            for model, group in groups.items() if group}


def models_of(places: list[Place]) -> list[Model]:
    """Return the models of all places."""
    return [model for place in places for model in place.models]


def in_digits(models: list[Model], gaussian: Gaussian) -> list[str]:
    """Return the titles of models of whose gain, if beyond chance, half or more stays on Gaussian
    fields."""
    found = []
    for model in models:
        value, error, seeds = gain(model)
        there = gaussian.get(id(model))
        if there and value > CLEAR * np.hypot(error, seeds) and there.gain > STAYS * value:
            found.append(model.title)
    return found


def digits(study: Study) -> list[str]:
    """Return the same of all models of the study itself."""
    found = of_run(study)
    return in_digits(models_of(found), on_gaussian(study, found))


def limit_of(arrays: Arrays) -> str:
    """Return how names in a group `precision` end that are of the limit that counts.

    That is the limit of fields that are Gaussian apart from M, and that of Gaussian ones where an
    older analysis knows no other.
    """
    return '_m' if 'excess_m' in arrays else ''


def beyond(arrays: Arrays) -> list[int]:
    """Return the numbers of the widths of noise at which a gain is clearly beyond its limit, from a
    group `precision`. An older one knows of none."""
    name = f'excess{limit_of(arrays)}'
    excess_w, error_w = (np.asarray(arrays.get(key, ())) for key in (name, f'{name}_error'))
    return np.flatnonzero(excess_w > CLEAR * error_w).tolist()


def proven(study: Study) -> list[dict[str, str]]:
    """Return the models that are beyond that limit, by how much where that is clearest, and the
    width there."""
    found: list[dict[str, str]] = []
    if not (models := models_of(of_run(study))):
        return found
    with study.latent() as latent:
        for model in models:
            arrays = over_seeds(latent, model, 'precision')
            if beyond(arrays):
                name = f'excess{limit_of(arrays)}'
                excess_w, error_w = arrays[name], arrays[f'{name}_error']
                w = np.argmax(excess_w / error_w)
                excess = value_error(100 * excess_w[w], 100 * error_w[w])
                found.append({'title': model.title, 'excess': f'{excess}%',
                              'width': f'{arrays["width"][w]:g}'})
    return found
