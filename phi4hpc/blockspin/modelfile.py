"""Files of models and checkpoints: written whole or not at all, and read without running code.

A model's file holds its weights and what the model is. The network is rebuilt from the deck, which
alone decides what is imported; what the file says of itself must agree with it.
"""

import io
import pickle
from pathlib import Path
from typing import Any

import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.blockspin.models import Model
from phi4hpc.errors import UserError
from phi4hpc.files import whole

REMEDY = 'remove it and run the stage `train` again'


def save(path: str | Path, model: Model, network: Autoencoder) -> None:
    """Write the weights of a model of the deck, and what it is."""
    write(path, {'about': model.about, 'state': network.state_dict()})


def load(path: str | Path, model: Model, device: str = 'cpu') -> Autoencoder:
    """Return the network of a model of the deck, with the weights in a file that `save` wrote.

    Raises UserError where it is no such file, or where it is of another model.
    """
    content = read(path, device)
    network = Autoencoder(model.settings, model.latent, model.L)
    try:
        if content['about'] != model.about:
            raise UserError(f'{path}: of another model, {content["about"]}; '
                            f'expected {model.about}; {REMEDY}')
        network.load_state_dict(content['state'])
    except (KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise UserError(f'{path}: not a model of this version of phi4hpc ({error}); '
                        f'{REMEDY}') from error
    return network.to(device)


def write(path: str | Path, content: dict[str, Any]) -> None:
    """Write tensors and plain values. They go by way of memory, for torch hides disk errors."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with whole(path) as temporary:
        temporary.write_bytes(buffer.getbuffer())


def read(path: str | Path, device: str = 'cpu') -> dict[str, Any]:
    """Return what `write` wrote.

    Raises UserError where the file is missing or damaged, or where it holds code.
    """
    try:
        return torch.load(path, map_location=device, weights_only=True)
    except (OSError, EOFError, RuntimeError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f'{path}: cannot be read as tensors and plain values ({reason}); '
                        f'{REMEDY}') from error
