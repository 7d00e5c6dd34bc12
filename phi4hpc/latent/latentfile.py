"""How the latent analysis of a model is laid out in latent.h5.

Dimensions have scales, so that xarray opens the file with their names and coordinates.
"""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from phi4hpc.latent.momentum import LEVELS

Dimensions = dict[str, tuple[str, ...]]
OTHERS = ''
"""Stands for the datasets that are not named."""
SPECTRA: Dimensions = {
    'sample': ('singular_value',), 'sample_lower': ('singular_value',),
    'sample_upper': ('singular_value',), 'singular_values': ('singular_value',),
    'shares': ('block',),
    'directions': ('direction', 'latent'), 'lattice_directions': ('direction', 'y', 'x'),
    'power': ('direction', 'orbit'), 'direction_variance': ('direction',),
    'transfer': ('p_y', 'p_x'), 'transfer_symmetric': ('p_y', 'p_x'),
    'original': ('example', 'y', 'x'), 'reconstructed': ('example', 'y', 'x'), OTHERS: ('orbit',)}
"""{dataset: dimensions}, which its error shares, in groups that GROUPS does not name. A dataset of
fewer axes has the first of them, a number none."""
GROUPS: dict[str, Dimensions] = {
    'momentum': {'cutoff_coherence': ('level',), 'cutoff_regression': ('level',),
                 OTHERS: ('orbit',)},
    'ablation': {'p_hat': ('orbit',), 'power_ratio': ('directions', 'orbit'),
                 OTHERS: ('directions',)},
    'distribution': {OTHERS: ('bin',)}, 'precision': {OTHERS: ('width',)},
    'metric': {OTHERS: ('direction',)}, 'angles': {OTHERS: ('observable', 'other')}}
"""{group: the same of its datasets}."""


def write(group: h5py.Group, results: Mapping[str, Mapping[str, np.ndarray]],
          original_nyx: np.ndarray, reconstructed_nyx: np.ndarray, **attributes: Any) -> None:
    """Fill the open, empty `group` of a model with what `analysis.analyse` returned and examples.

    The examples are configurations (n, y, x) and their reconstructions. `attributes` say what the
    model is: L, kappa, family, latent, lambda, samples.
    """
    group.attrs.update(attributes)
    for name, arrays in results.items():
        write_arrays(group.create_group(name), arrays)
    examples = {'original': original_nyx, 'reconstructed': reconstructed_nyx}
    write_arrays(group.create_group('examples'), examples)


def write_arrays(group: h5py.Group, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the arrays of one name, with scales for their dimensions."""
    for key, array in arrays.items():
        dataset = group.create_dataset(key, data=array)
        axes = dimensions(group, key, array.ndim)
        if axes == (key,):
            dataset.make_scale(key)
            continue
        for axis, dimension in enumerate(axes):
            if dimension not in group:
                values = coordinates(dimension, array.shape[axis])
                group.create_dataset(dimension, data=values).make_scale(dimension)
            dataset.dims[axis].attach_scale(group[dimension])


def dimensions(group: h5py.Group, key: str, axes: int) -> tuple[str, ...]:
    """Return the dimensions of a dataset that has some axes.

    `X_deleted` has X with each block of draws deleted.
    """
    if key.endswith('_deleted'):
        return 'block', *dimensions(group, key.removesuffix('_deleted'), axes - 1)
    own = GROUPS.get(group.name.rpartition('/')[2], SPECTRA)
    return own.get(key.removesuffix('_error'), own[OTHERS])[:axes]


def coordinates(dimension: str, extent: int) -> np.ndarray:
    """Return the coordinates of a dimension: momenta 2 pi n / L as of numpy.fft, levels that a
    quantity passes, or numbers."""
    if dimension.startswith('p_'):
        return 2 * np.pi * np.fft.fftfreq(extent)
    if dimension == 'level':
        return np.array(LEVELS)
    return np.arange(extent)
