"""How the latent analysis of a model is laid out in latent.h5."""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np


def write(group: h5py.Group, results: Mapping[str, Mapping[str, np.ndarray]],
          original_nyx: np.ndarray, reconstructed_nyx: np.ndarray, **attributes: Any) -> None:
    """Fill the open, empty `group` of a model with what `analysis.analyse` returned and examples.

    The examples are configurations (n, y, x) and their reconstructions. `attributes` say what the
    model is: L, kappa, family, latent, lambda, samples.
    """
    group.attrs.update(attributes)
    for name, arrays in results.items():
        for key, array in arrays.items():
            group[f'{name}/{key}'] = array
    group['examples/original'] = original_nyx
    group['examples/reconstructed'] = reconstructed_nyx
