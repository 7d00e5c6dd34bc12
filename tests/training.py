"""A short training of a small model, on shares of draws that a test has made."""

import numpy as np
from mpi4py import MPI

from phi4hpc.blockspin.autoencoder import Autoencoder, build
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.models import Model
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.shards import Shares, strata
from phi4hpc.blockspin.trainer import Settings, Trainer
from phi4hpc.lattice import observable
from tests.autoencoders import cost, model


def shared(phi_nyx: np.ndarray, held_out: int, batch: int) -> Shares:
    """Return the draws in three parts: the last `held_out` test, as many before them validate."""
    train_nyx, valid_nyx, test_nyx = np.split(phi_nyx, [-2 * held_out, -held_out])
    return Shares(strata(len(train_nyx), batch), train_nyx, valid_nyx, test_nyx)


def first(made: Model, shares: Shares, lam: float) -> tuple[Autoencoder, Autoencoder]:
    """Return a model's network with its first weights, and the linear optimum of its size."""
    propagator_yx = common_propagator(MPI.COMM_SELF, shares.train_nyx)
    known = MeasuredEnsemble(made.L, made.kappa, lam, propagator_yx, seed_of(1, made.name))
    optimum = model('fourier', made.latent, made.L)
    return (build(made.settings, made.latent, known),
            build(optimum.settings, optimum.latent, known))


def train(folder, made: Model, shares: Shares, lam: float, costs=None,
          **settings) -> tuple[dict, Autoencoder]:
    """Train a model and return its record and its network."""
    network, optimum = first(made, shares, lam)
    objective = Objective(costs or [cost('reconstruction')],
                          observable.Ensemble(made.L, made.kappa, lam))
    usual = {'patience': 99, 'rate': 1e-3, 'seed': 1, 'folder': folder, 'aloud': False}
    trainer = Trainer(MPI.COMM_SELF, made, network, optimum, shares, objective,
                      Settings(**usual | settings))
    return trainer.run(), network
