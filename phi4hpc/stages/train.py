"""The stage train: models/<model>.pt and its record models/<model>.json, for every model."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from phi4hpc.blockspin import shards
from phi4hpc.blockspin.autoencoder import build
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.ensemble import MeasuredEnsemble
from phi4hpc.blockspin.families import fourier
from phi4hpc.blockspin.learner import Diverged
from phi4hpc.blockspin.models import Model, usual, with_controls
from phi4hpc.blockspin.objective import Objective
from phi4hpc.blockspin.optimum import common_propagator
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.record import sentence
from phi4hpc.blockspin.schedule import schedule
from phi4hpc.blockspin.surrogate import gaussian
from phi4hpc.blockspin.trainer import Settings, Trainer
from phi4hpc.deck.parts import length, split
from phi4hpc.files import read_json, write_json
from phi4hpc.lattice import observable
from phi4hpc.logs import counted, log
from phi4hpc.parallel.communicator import Pieces
from phi4hpc.parallel.groups import apart
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.stages.context import Context
from phi4hpc.storage.reader import Ensembles, Lattice


def run(context: Context) -> None:
    """Train the models that are not there yet, in groups of ranks that work apart. Collective.

    Which group has which models follows from the deck and the number of ranks alone, so a training
    that was stopped goes on with the same number of ranks.
    """
    wanted, comm = with_controls(context.deck), context.comm
    planned = schedule(context.deck, comm.size)
    group = apart(comm, planned.ranks)
    own = [wanted[number] for number in planned.models[group.number]]
    log.info('train: %s on %s of ranks', counted(len(wanted), 'model'),
             counted(group.count, 'group'))
    stopped, control = None, context.control.within(group.comm)
    try:
        train(replace(context, comm=group.comm, control=control), own, group.number == 0)
    except Stopped as error:
        stopped = error
    context.control.rejoin(stopped)
    for model in wanted if comm.rank == 0 else ():
        if model not in own:
            report(context, model)


def train(context: Context, own: list[Model], aloud: bool) -> None:
    """Train a group's models that are not there yet, one after the other. Collective in it."""
    comm, device = context.comm, torch_device(context.device)
    missing = [model for model in own if not comm.bcast(trained(context, model))]
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles, \
            process_group(comm, device):
        for model in missing:
            context.control.go_on_or_stop(f'before {model.name}')
            try:
                record = fit(context, model, ensembles[model.L], device, aloud)
            except Diverged as error:
                record = {**model.about, 'trained': True, 'converged': False,
                          'diverged': str(error)}
            if comm.rank == 0:
                write_json(file_of(context, model, 'json'), record)    # the last of its files
                report(context, model)


def report(context: Context, model: Model) -> None:
    """Say in the log how well a model does."""
    log.info('train %s: %s', model.name, sentence(read_json(file_of(context, model, 'json'))))


def trained(context: Context, model: Model) -> bool:
    """Return whether both files of a model are there, or the record of one that diverged.

    Raises UserError where the record is damaged: the stage would else vouch for it.
    """
    record = read_json(file_of(context, model, 'json'))
    return bool(record) and ('diverged' in record or file_of(context, model, 'pt').exists())


def file_of(context: Context, model: Model, kind: str) -> Path:
    """Return the path of a model's file: its weights (pt) or its record (json)."""
    return context.directory.file('models', f'{model.name}.{kind}')


def fit(context: Context, model: Model, lattice: Lattice, device: str,
        aloud: bool) -> dict[str, Any]:
    """Train one model and return its record. Raises Stopped where a stop is asked for."""
    comm, deck, train = context.comm, context.deck, context.deck.train
    assert train
    each = partial(context.control.each, where=f'before {model.name}')
    shares = read(context, model, lattice, each)
    propagator_yx = common_propagator(comm, shares.train_nyx, each)
    if model.surrogate:
        shares = gaussian(comm, shares, propagator_yx, seed_of(deck.seed, 'surrogate'))
        propagator_yx = common_propagator(comm, shares.train_nyx, each)
    ensemble = MeasuredEnsemble(model.L, model.kappa, deck.action.lam, propagator_yx,
                                seed_of(deck.seed, model.name))
    network = build(model.settings, model.latent, ensemble)
    optimum = build(fourier.Family(latents=[model.latent]), model.latent, ensemble)
    settings = Settings(train.epochs, train.patience, train.rate, deck.seed,
                        context.directory.file('models'),
                        context.directory.file('logs', 'tensorboard'),
                        device, deck.checkpoint.keep, aloud)
    objective = Objective(model.costs or usual(),
                          observable.Ensemble(model.L, model.kappa, deck.action.lam))
    trainer = Trainer(comm, model, network, optimum, shares, objective, settings, context.control)
    return trainer.run()


def read(context: Context, model: Model, lattice: Lattice, each: Pieces) -> shards.Shares:
    """Return this rank's draws of the parts that train, validate and test a model."""
    comm, train = context.comm, context.deck.train
    assert train
    learned, *held_out = split(lattice.draws, train.held_out)
    total = lattice.chains * length(learned)
    strata = shards.strata(total, train.batch, comm.size, comm.rank)
    source = lattice.phi, lattice.rung(model.kappa)
    train_nyx = shards.read_train(*source, learned, strata, each)
    valid_nyx, test_nyx = (shards.read_share(*source, part, comm.size, comm.rank, each)
                           for part in held_out)
    return shards.Shares(strata, train_nyx, valid_nyx, test_nyx)


def torch_device(device: Any) -> str:
    """Return torch's name of the device that kernels run on, and make it torch's own."""
    if device.name == 'host':
        return 'cpu'
    import torch

    torch.cuda.set_device(device.number)
    device.release()
    # cuDNN would keep ten bits of what it convolves (TF32), and sum in an order that varies.
    torch.backends.cudnn.allow_tf32, torch.backends.cudnn.deterministic = False, True
    return f'cuda:{device.number}'
