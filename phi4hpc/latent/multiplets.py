"""Singular values of orbits of momenta, with jackknife errors, from sums over samples.

Waves of one orbit have the same value by symmetry: it is one number with one error, and counts as
often as the orbit has momenta.

Suffixes: o orbits, r singular values, d latents.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from phi4hpc.latent.response import Responses
from phi4hpc.latent.waves import participation, spread_out
from phi4hpc.lattice.orbits import representatives, symmetrised
from phi4hpc.parallel.communicator import Communicator, by_key
from phi4hpc.parallel.jackknife import Blocks, jackknife

QUARTILES = 0.25, 0.5, 0.75
MEDIAN = 0.929
"""The error of the median of n normal numbers times n^(1/2), over the distance of quartiles."""
Arrays = dict[str, np.ndarray]
Sums = Mapping[str, np.ndarray]


def of_autoencoder(comm: Communicator, blocks: Blocks, count_o: np.ndarray, d: int) -> Arrays:
    """Return `value`, `overlap`, `transfer`, its `trace` and `turning`, with errors; and of single
    samples."""
    return with_errors(comm, blocks, {
        'value': lambda sums: _root(sums['value'] / sums['count']),
        'overlap': lambda sums: _of_orbits(sums['overlap'] / sums['count']),
        'transfer': lambda sums: sums['overlap'] / sums['count'],
        'trace': lambda sums: sums['overlap'].sum() / sums['count'],
        'transfer_symmetric': lambda sums: symmetrised(sums['overlap'] / sums['count']),
        'turning': lambda sums: turning(_root(sums['value'] / sums['count']), count_o, d)}) | (
            of_samples('sample', one_of_each(comm, blocks, 'sample'))
            | of_samples('sample_value', _root(squares(comm, blocks)))
            | {'shares': shares(comm, blocks, count_o)})


def of_decoder(comm: Communicator, blocks: Blocks, count_o: np.ndarray) -> Arrays:
    """Return the same in units of the field's standard deviation: of latents of unit covariance."""
    field_o = blocks.total['field'] / blocks.total['count']
    return with_errors(comm, blocks, {
        'value': lambda sums: _root(sums['value'] * sums['field']) / sums['count'],
        'overlap': lambda sums: (_of_orbits(sums['overlap'] / sums['count'])
                                 * _root(sums['field'] / sums['count'])),
        'variance': lambda sums: sums['field'] / sums['count']}) | (
            of_samples('sample', one_of_each(comm, blocks, 'sample in units'))
            | of_samples('sample_value', _root(squares(comm, blocks) * field_o))
            | {'shares': shares(comm, blocks, count_o * field_o)})


def of_observable(comm: Communicator, blocks: Blocks, responses: Responses, name: str,
                  count_o: np.ndarray) -> Arrays:
    """Return how an observable after the decoder responds to waves; nothing where it is not defined
    or does not respond at all.

    `response` is in units of the field, `scaled` of its standard deviation; `relative` the latter
    of the logarithm of each entry, where the observable has several. Each has an `original`, of the
    observable before the model. `first` and `participation` are of `relative`, else of `scaled`.
    """
    kinds: dict[str, dict[str, Any]] = {'response': {}, 'scaled': {'scaled': True}}
    leading = leading_kind(responses, name, blocks.total)
    kinds[leading] = {'scaled': True, 'relative': leading == 'relative'}
    estimates: dict[str, Callable[[Sums], Any]] = {
        f'{start}{kind}': partial(response, responses, name, bool(start), **units)
        for start in ('', 'original_') for kind, units in kinds.items()}
    after, before = (estimates[f'{start}{leading}'] for start in ('', 'original_'))
    waves_of = partial(participation, momenta_o=count_o)
    estimates |= {'first': partial(_of, np.max, after), 'kept_first': partial(_kept, after, before),
                  'participation': partial(_of, waves_of, after),
                  'original_participation': partial(_of, waves_of, before)}
    found = with_errors(comm, blocks, estimates)
    even, all_of_it = blocks.total[f'{name} parity']
    if 'response' not in found or not found['response'].max() > 0:
        return {}
    return found | {'parity': even / all_of_it}


def turning(value_o: np.ndarray, count_o: np.ndarray, d: int) -> float:
    """Return the part of sum s^2 of a stack that lies beyond the first d values.

    One sample has d of them at most. So it measures how far the spaces that samples span differ,
    and those of a model and its images under the symmetries of the lattice. It is nan where no
    value is resolved.
    """
    square_r = spread_out(value_o, count_o) ** 2
    return float(square_r[d:].sum() / square_r.sum()) if square_r.any() else np.nan


def leading_kind(responses: Responses, name: str, sums: Sums) -> str:
    """Return 'relative' where an observable has several entries, all positive, else 'scaled'."""
    several = responses.observables[name].argument_name
    return 'relative' if several and _units(responses, name, sums) is not None else 'scaled'


def response(responses: Responses, name: str, original: bool, sums: Sums, scaled: bool = False,
             relative: bool = False) -> np.ndarray | None:
    """Return the roots of mean squares of N dF/dphi along waves, (o,); None: not defined."""
    side, units_a = ' original' if original else '', None
    if relative and (units_a := _units(responses, name, sums)) is None:
        return None
    square_o = responses.gram(name, sums[f'{name}{side}'] / sums['count'],
                              sums[f'moments{side}'] / sums['count'], units_a)
    if square_o is None:
        return None
    return _root(square_o * (sums['field'] / sums['count'] if scaled else 1))


def _units(responses: Responses, name: str, sums: Sums) -> np.ndarray | None:
    """Return the entries of an observable before the model; None where they are no units."""
    return responses.values(name, sums['moments original'] / sums['count'])


def with_errors(comm: Communicator, blocks: Blocks,
                estimates: Mapping[str, Callable[[Sums], Any]]) -> Arrays:
    """Return each estimate and its jackknife error, nan where a block decides if it is defined.

    An estimate that is None of all samples is left out.
    """
    found = {}
    for name, estimate in estimates.items():
        if (whole := estimate(blocks.total)) is not None:
            nothing = np.full(np.shape(whole), np.nan)
            found[name], found[f'{name}_error'] = jackknife(
                comm, blocks, partial(_or_else, estimate, nothing))
    return found


def _or_else(estimate: Callable[[Sums], Any], nothing: np.ndarray, sums: Sums) -> np.ndarray:
    value = estimate(sums)
    return nothing if value is None else np.asarray(value)


def _of(function: Callable[[np.ndarray], Any], estimate: Callable[[Sums], np.ndarray | None],
        sums: Sums) -> Any:
    """Return a function of the values of orbits; None where these are not defined."""
    value_o = estimate(sums)
    return None if value_o is None else function(value_o)


def _kept(after: Callable[[Sums], Any], before: Callable[[Sums], Any],
          sums: Sums) -> float | None:
    """Return the largest value over the one before the model, with what both share."""
    values_o, others_o = after(sums), before(sums)
    if values_o is None or others_o is None or not others_o.max() > 0:
        return None
    return float(values_o.max() / others_o.max())


def _of_orbits(values_yx: np.ndarray) -> np.ndarray:
    n_y, n_x = representatives(len(values_yx))
    return symmetrised(values_yx)[n_y, n_x]


def of_samples(name: str, value_ni: np.ndarray) -> Arrays:
    """Return the median over single samples by that name, with its error, and the quartiles, whose
    names end with `_lower` and `_upper`.

    A median stays what it is where a few samples have values hundreds of times those of others. Its
    error is that of a median of normal numbers with these quartiles.
    """
    lower, middle, upper = np.quantile(value_ni, QUARTILES, axis=0)
    return {name: middle, f'{name}_error': MEDIAN * (upper - lower) / len(value_ni) ** 0.5,
            f'{name}_lower': lower, f'{name}_upper': upper}


def one_of_each(comm: Communicator, blocks: Blocks, name: str) -> np.ndarray:
    """Return what the one sample of each block has by a name, (b, i)."""
    return np.array(by_key(comm.allgather(
        {b: sums[name] for b, sums in blocks.owned.items() if sums['samples'] > 0})))


def squares(comm: Communicator, blocks: Blocks) -> np.ndarray:
    """Return |J e_p|^2 of single samples, (n, o)."""
    return np.concatenate(by_key(comm.allgather(
        {b: sums['squares'][sums['single'] > 0] for b, sums in blocks.owned.items()})))


def shares(comm: Communicator, blocks: Blocks, weight_o: np.ndarray) -> np.ndarray:
    """Return the part of the weighted sum of squares over orbits that each block has, (b,).

    Where one block has most of it, a few samples decide the mean, and its jackknife error is as
    large as itself.
    """
    square_b = np.array(by_key(comm.allgather(
        {b: weight_o @ sums['value'] for b, sums in blocks.owned.items()})))
    with np.errstate(all='ignore'):
        return square_b / square_b.sum()


def _root(square: np.ndarray) -> np.ndarray:
    return np.sqrt(square.clip(0))
