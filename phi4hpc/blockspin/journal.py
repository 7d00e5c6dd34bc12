"""What a training writes down while it runs: checkpoints to resume from, and losses for TensorBoard."""

import contextlib

from phi4hpc.blockspin import modelfile
from phi4hpc.logs import log
from phi4hpc.storage import generations

FILE = 'training.pt'


def keep(comm, checkpoint, generations_kept, past, settings, state):
    """Write a checkpoint: the `past`, the `settings` it is of, and `state`, {name: what has a state_dict}. Collective.

    Random choices need no more than that: they follow from the seed and the epoch (batches.plan).
    """
    sums = comm.allgather(float(past['sum']))

    def fill(path):
        if comm.rank:
            return []
        states = {name: holder.state_dict() for name, holder in state.items()}
        modelfile.write(path / FILE, {'past': {**past, 'sum': sums}, 'settings': settings, 'state': states})
        return [FILE]

    generations.add(comm, checkpoint, generations_kept, fill)


def resume(comm, checkpoint, settings, state, device):
    """Set `state` from the newest whole checkpoint, return its past; {} where there is none, or of other settings."""
    path = generations.newest(comm, checkpoint)
    if path is None:
        return {}
    content = modelfile.read(path / FILE, device)
    if content['settings'] != settings:
        log.info('%s is of a training with other settings: not used', path)
        return {}
    for name, holder in state.items():
        holder.load_state_dict(content['state'][name])
    past = content['past']
    log.info('resuming %s after epoch %d and %d steps', path, past['epoch'], past['step'])
    if len(past['sum']) != comm.size:
        log.info('it was written by %d ranks, so what follows is the same to rounding only', len(past['sum']))
    return past | {'sum': sum(past['sum'][comm.rank::comm.size])}


@contextlib.contextmanager
def tensorboard_writer(comm, directory, epoch):
    """Yield a function (past, rate) that writes down an epoch's losses, on rank 0 if there is a directory.

    What an earlier run wrote of epochs after `epoch`, the last one finished, is superseded.
    """
    if directory is None or comm.rank:
        yield lambda past, rate: None
        return
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(directory, purge_step=epoch + 1) as writer:
        yield lambda past, rate: _write(writer, past, rate)


def _write(writer, past, rate):
    scalars = {'loss/train': past['train'][-1], 'loss/validation': past['validation'][-1],
               'loss/ratio_to_linear_optimum': past['validation'][-1] / past['validation'][0], 'rate': rate}
    for tag, value in scalars.items():
        writer.add_scalar(tag, value, past['epoch'])
