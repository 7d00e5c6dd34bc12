"""`python tests/compare_runs.py RUN RUN [--tolerance 1e-9]`: hold two run directories against \
each other.

Draws must agree to the bit; numbers of results.json, of records and reconstructions, and arrays of
latent.h5 to a relative tolerance. What is in one of them only is named, and counts as a difference;
times are passed over.
"""

import argparse
import json
import math
import sys
from pathlib import Path

import h5py
import numpy as np

PASSED_OVER = ('seconds', 'phi4hpc', 'deck')


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('runs', nargs=2, type=Path, metavar='RUN')
    parser.add_argument('--tolerance', type=float, default=1e-9)
    args = parser.parse_args(argv)
    found = [*draws(*args.runs), *numbers(*args.runs, args.tolerance),
             *latents(*args.runs, args.tolerance)]
    print(*found or ['no difference'], sep='\n')
    sys.exit(bool(found))


def draws(old, new):
    """Yield a line for every dataset of ensembles.h5 that is not the same to the bit."""
    with h5py.File(old / 'ensembles.h5') as a, h5py.File(new / 'ensembles.h5') as b:
        for name in sorted(datasets(a) ^ datasets(b)):
            yield f'ensembles.h5: {name}: in one of the two only'
        for name in sorted(datasets(a) & datasets(b)):
            one, other = a[name][()], b[name][()]
            if (one.dtype != other.dtype or one.shape != other.shape
                    or one.tobytes() != other.tobytes()):
                yield f'ensembles.h5: {name}: not the same bits'


def datasets(file):
    names = set()
    file.visititems(lambda name, node: names.add(name) if isinstance(node, h5py.Dataset) else None)
    return names


def numbers(old, new, tolerance):
    """Yield a line for every number in a JSON file that differs by more than the tolerance."""
    names = [{str(path.relative_to(run))
              for path in [*run.glob('r*s.json'), *run.glob('models/*.json')]}
             for run in (old, new)]
    for name in sorted(names[0] ^ names[1]):
        yield f'{name}: in one of the two only'
    for name in sorted(names[0] & names[1]):
        yield from compared(*(json.loads((run / name).read_text()) for run in (old, new)),
                            tolerance, name)


def compared(a, b, tolerance, path):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted({*a, *b} - set(PASSED_OVER)):
            if key in a and key in b:
                yield from compared(a[key], b[key], tolerance, f'{path}: {key}')
            else:
                yield f'{path}: {key}: in one of the two only'
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, pair in enumerate(zip(a, b, strict=True)):
            yield from compared(*pair, tolerance, f'{path}: {i}')
    elif not same(a, b, tolerance):
        yield f'{path}: {a} and {b}'


def same(a, b, tolerance):
    if isinstance(a, float | int) and isinstance(b, float | int):
        return math.isclose(a, b, rel_tol=tolerance, abs_tol=1e-12)
    return a == b


def latents(old, new, tolerance):
    """Yield a line for every array of latent.h5 that differs by more than the tolerance.

    It is relative to the largest entry of the array.
    """
    if not all((run / 'latent.h5').exists() for run in (old, new)):
        return
    with h5py.File(old / 'latent.h5') as a, h5py.File(new / 'latent.h5') as b:
        scales = {name for file in (a, b) for name in datasets(file) if file[name].is_scale}
        for name in sorted((datasets(a) ^ datasets(b)) - scales):
            yield f'latent.h5: {name}: in one of the two only'
        for name in sorted(datasets(a) & datasets(b)):
            if differ(a[name][()], b[name][()], tolerance):
                yield f'latent.h5: {name}: differs'


def differ(one, other, tolerance):
    """Return whether two arrays differ, of text at all, of numbers by more than the tolerance."""
    if one.shape != other.shape or one.dtype.kind in 'SO':
        return not np.array_equal(one, other)
    return abs(one - other).max() > tolerance * abs(one).max()


if __name__ == '__main__':
    main()
