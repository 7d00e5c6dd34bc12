"""How the blocked configurations of one unit are laid out in flow.h5.

Dimensions have scales, so that xarray opens the file with their names and coordinates. The group
`sums` has all that was added up, for each block of the jackknife, and whatever is said of the flow
can be made from it again.
"""

from typing import Any

import h5py
import numpy as np

from phi4hpc.flow.estimates import Estimates, correlations
from phi4hpc.flow.sums import SHAPES, Operators, Sums

AXES = {'b': 'jackknife_block', 'l': 'level', 's': 'step', 'a': 'operator', 'c': 'coupling'}
ARRAYS = {'mean': 'la', 'correlation': 'laa', 'cross_correlation': 'saa', 'stability': 'saa'}
"""{dataset: axes}."""


def write(group: h5py.Group, estimates: Estimates, sums: Sums, **attributes: Any) -> None:
    """Fill the open, empty `group` of a unit. `attributes` say what it is."""
    group.attrs.update(attributes)
    chosen = estimates.operators
    number_b, number_l = np.arange(len(sums['draws'])), np.arange(len(estimates.sizes))
    coordinates = {'b': number_b, 'l': number_l, 's': number_l[1:],
                   'a': [each.name for each in chosen.all],
                   'c': [each.name for each in chosen.couplings]}
    _write(group, ARRAYS, of_all_draws(estimates), coordinates)
    group['level'].attrs['L'] = estimates.sizes
    _write(group.create_group('sums'), {name: f'b{axes}' for name, axes in SHAPES.items()}, sums,
           coordinates)


def read(group: h5py.Group, operators: Operators, levels: int) -> Sums:
    """Return the sums that `write` wrote."""
    there = group['sums']
    found = operators.zeros(levels, len(there['draws']))
    return found | {name: there[name][...] for name in SHAPES if name in there}


def of_all_draws(estimates: Estimates) -> Sums:
    """Return means per site, connected correlations, and T, of normalised fields."""
    means, count = estimates.means, len(estimates.operators.all)
    even_a = np.array([each.even for each in estimates.operators.all])
    mean_la = means['value'] * even_a
    everything, steps = list(range(count)), range(1, len(estimates.sizes))
    cross = [correlations(means, step, everything, even_a)[2] for step in steps]
    return {'mean': means['value'] / np.square(estimates.sizes)[:, None],
            'correlation': means['product'] - mean_la[:, :, None] * mean_la[:, None],
            'cross_correlation': np.array(cross).reshape(-1, count, count),
            'stability': estimates.stability()}


def _write(group, axes_of, arrays, coordinates):
    """Write arrays, none that are empty, with scales for their dimensions."""
    for name, axes in axes_of.items():
        if not np.size(arrays[name]):
            continue
        dataset = group.create_dataset(name, data=arrays[name])
        for number, axis in enumerate(axes):
            dimension = AXES[axis] + '_2' * (axis in axes[:number])
            if dimension not in group:
                group.create_dataset(dimension, data=coordinates[axis]).make_scale(dimension)
            dataset.dims[number].attach_scale(group[dimension])
