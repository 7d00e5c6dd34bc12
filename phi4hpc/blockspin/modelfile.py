"""Files of models and checkpoints: written whole or not at all, read without running what they hold."""

import io
import pickle

import torch

from phi4hpc.blockspin.families import Autoencoder
from phi4hpc.errors import UserError
from phi4hpc.files import whole

SHAPE = ('family', 'sites', 'latent', 'hidden')


def save(path, model):
    """Write a model: its weights under `state`, and what it takes to rebuild it."""
    write(path, {'state': model.state_dict(), **{key: getattr(model, key) for key in SHAPE}})


def load(path, device='cpu'):
    """Return the Autoencoder of a file that `save` wrote. Raises UserError where it is not such a file."""
    content = read(path, device)
    try:
        model = Autoencoder(*(content[key] for key in SHAPE))
        model.load_state_dict(content['state'])
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f'{path}: not a model of this version of phi4hpc ({error}); '
                        'remove it and run the stage `train` again') from error
    return model.to(device)


def write(path, content):
    """Write tensors and plain values; by way of memory, since torch keeps to itself why a file cannot be written."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with whole(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read(path, device='cpu'):
    """Return what `write` wrote. Raises UserError at a missing or damaged file, or one with code in it."""
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f'{path}: cannot be read as tensors and plain values ({reason}); '
                        'remove it and run the stage `train` again') from error
