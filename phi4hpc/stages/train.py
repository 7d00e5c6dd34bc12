"""The stage train: models/<model>.pt and its record models/<model>.json, for every model of the deck."""

from functools import partial

from phi4hpc.blockspin import shards
from phi4hpc.blockspin.batches import seed_of
from phi4hpc.blockspin.families import build
from phi4hpc.blockspin.optimum import linear_optimum
from phi4hpc.blockspin.process_group import process_group
from phi4hpc.blockspin.trainer import train
from phi4hpc.deck.parts import split
from phi4hpc.files import write_json
from phi4hpc.logs import log
from phi4hpc.parallel.runcontrol import Stopped
from phi4hpc.stages.models import models
from phi4hpc.storage.reader import Ensembles


def run(context):
    """Train every model that is not there yet, all ranks together on one after the other. Collective."""
    missing = [model for model in models(context.deck) if not context.comm.bcast(trained(context, model))]
    device = torch_device(context.device)
    with Ensembles(context.directory.file('ensembles.h5')) as ensembles, process_group(context.comm, device):
        for model in missing:
            record = fit(context, model, ensembles[model.L], device)
            if record is None:
                raise Stopped(f'in {model.name}')
            if context.comm.rank == 0:
                write_json(file_of(context, model, 'json'), record)                             # last
            log.info('train %s: loss %.6g a site on test draws, %.4f(%.4f) of the linear optimum', model.name,
                     record['loss'], record['ratio'], record['ratio_error'])


def trained(context, model):
    """Return whether both files of a model are there."""
    return all(file_of(context, model, kind).exists() for kind in ('pt', 'json'))


def file_of(context, model, kind):
    """Return the path of a model's file: its weights (pt) or its record (json)."""
    return context.directory.file('models', f'{model.name}.{kind}')


def fit(context, model, lattice, device):
    """Train one model and return its record, None where it was stopped."""
    comm, deck = context.comm, context.deck.train
    each = partial(context.control.each, where=f'before {model.name}')
    learned, *held_out = split(lattice.draws, deck.held_out)
    share, ranks = (lattice.phi, lattice.rung(model.kappa)), (comm.size, comm.rank, each)
    train_nyx = shards.read_train(*share, learned, deck.batch, *ranks)
    valid_nyx, test_nyx = (shards.read_share(*share, draws, *ranks) for draws in held_out)
    modes = linear_optimum(comm, train_nyx, model.latent, each)
    network = build(model.family, modes, deck.hidden, seed_of(context.deck.seed, model.name))
    return train(comm, network, train_nyx, valid_nyx, test_nyx, epochs=deck.epochs, batch=deck.batch, rate=deck.rate,
                 path=str(file_of(context, model, 'pt')), seed=context.deck.seed, device=device,
                 tensorboard=str(context.directory.file('logs', 'tensorboard', model.name)),
                 control=context.control, keep=context.deck.checkpoint.keep)


def torch_device(device):
    """Return torch's name of the device that kernels run on, and make it torch's own."""
    if device.name == 'host':
        return 'cpu'
    import torch

    torch.cuda.set_device(device.number)
    return f'cuda:{device.number}'
