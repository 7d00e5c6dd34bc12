"""The latent analysis of one model: spectra of decoder, autoencoder, and observables after it.

One pass over the samples forms each Jacobian once and adds up Gram matrices, block by block of the
jackknife; everything else is linear algebra on these sums. That of the autoencoder is kept in the
span of what the encoder looks at, and vanishes outside: it is then no larger than d + h, however
large the lattice.

Suffixes: n samples, D sites, d latents, s the span of what the encoder looks at, r directions.
"""

import copy
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian, samples_at_once, transfer
from phi4hpc.latent.multiplets import MOST, agree, multiplets, pooled_values, restricted
from phi4hpc.latent.response import Observables, Responses
from phi4hpc.latent.singular import lattice_images, right_directions, signed
from phi4hpc.lattice.observable import Ensemble
from phi4hpc.lattice.orbits import symmetrised
from phi4hpc.logs import log
from phi4hpc.parallel.communicator import Communicator, Pieces
from phi4hpc.parallel.jackknife import Blocks, block_slices, gather_blocks, jackknife

Sums = dict[str, Any]            # tensors while they are added up, then NumPy arrays
Gram = Callable[[Mapping[str, np.ndarray]], np.ndarray | None]


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: np.ndarray, first: int, total: int,
            directions: int, observables: Observables, ensemble: Ensemble,
            each: Pieces = iter) -> dict[str, dict[str, np.ndarray]]:
    """Return {name: arrays}, on every rank: of `decoder`, `autoencoder` and each observable.

    `phi_nyx` are the samples of this rank, numbered from `first` of `total` over all ranks; they
    are draws of the `ensemble`. The arrays of a name, all in float64, are

    `singular_values`, `singular_values_error` (r,): the error is that of the jackknife over 16
        blocks of neighbouring samples, nan where there is none. Values that the symmetries of the
        lattice make equal are pooled, as latent.multiplets says, and share one value and error;
    `directions`: the leading right singular vectors, at most `directions`, (r_kept, d) in latent
        space, or (r_kept, D) on the input lattice for the autoencoder;
    `lattice_directions` (r_kept, y, x): the same as images on the lattice;
    `transfer`, `transfer_error` (L, L): of the autoencoder alone, its response to plane waves by
        jacobians.transfer;
    `transfer_symmetric`, `transfer_symmetric_error` (L, L): its mean over the momenta that the
        symmetries of the square carry into each other.

    An observable that is not defined on these samples is left out, and the log says so. The result
    does not depend on the number of ranks, to rounding. `each(pieces)` yields the pieces of this
    rank's work, before which it may raise.
    """
    model = copy.deepcopy(model).double()
    device = next(model.parameters()).device
    x_nD = torch.from_numpy(np.asarray(phi_nyx, dtype=np.float64)).flatten(1).to(device)
    span_Ds = torch.linalg.qr(model.sight().T).Q
    responses = Responses(observables, ensemble)
    slices = block_slices(first, len(x_nD), total)
    blocks = gather_blocks(comm, *_sums(model, x_nD, slices, span_Ds, responses, each))
    found = {name: _spectrum(comm, name, gram, blocks, directions, span_Ds.cpu().numpy())
             for name, gram in _grams(responses).items()}
    found['autoencoder'] |= _transfers(comm, blocks)
    return {name: arrays for name, arrays in found.items() if arrays}


def _transfers(comm: Communicator, blocks: Blocks) -> dict[str, np.ndarray]:
    """Return the response to plane waves, and its mean over orbits, with their errors."""
    found = {}
    for name, of_momenta in (('transfer', np.asarray), ('transfer_symmetric', symmetrised)):
        found[name], found[f'{name}_error'] = jackknife(
            comm, blocks, partial(_response, of_momenta))
    return found


def _response(of_momenta: Callable, sums: Mapping[str, np.ndarray]) -> np.ndarray:
    return of_momenta(sums['transfer'] / sums['count'])


def _grams(responses: Responses) -> dict[str, Gram]:
    """Return {name: function of the sums that returns the mean Gram matrix, or None}."""
    maps = {name: partial(_mean, name) for name in ('decoder', 'autoencoder')}
    return maps | {name: partial(responses.gram, name) for name in responses.observables}


def _mean(name: str, sums: Mapping[str, np.ndarray]) -> np.ndarray:
    return sums[name] / sums['count']


def _restricted(gram: Gram, basis: np.ndarray, sums: Mapping[str, np.ndarray]) -> np.ndarray:
    return restricted(gram(sums), basis)


def _spectrum(comm: Communicator, name: str, gram: Gram, blocks: Blocks, directions: int,
              span_Ds: np.ndarray) -> dict[str, np.ndarray]:
    whole = gram(blocks.total)
    if whole is None:
        log.warning('the response of %s to the latents is left out: it is not defined on what the '
                    'decoder makes of these samples', name)
        return {}
    leading = right_directions(whole, max(directions, MOST))
    direction = signed(leading @ span_Ds.T if name == 'autoencoder' else leading)
    images = (direction.reshape(-1, *[math.isqrt(len(span_Ds))] * 2) if name == 'autoencoder'
              else lattice_images(blocks.total['jacobian'], direction))
    equal = [own for own in multiplets(images) if agree(*jackknife(
        comm, blocks, partial(_restricted, gram, leading[own])))]
    value, error = jackknife(comm, blocks, lambda sums: _values(gram(sums), leading, equal))
    order = np.argsort(-value, kind='stable')           # of pooled values some have changed places
    own = order[order < len(leading)][:directions]
    value, error = value[order], error[order]
    if name == 'autoencoder':
        value, error = (np.pad(array, (0, len(span_Ds) - len(array))) for array in (value, error))
    return {'singular_values': value, 'singular_values_error': error,
            'directions': direction[own], 'lattice_directions': images[own]}


def _values(gram: np.ndarray | None, leading: np.ndarray, equal: list[np.ndarray]) -> np.ndarray:
    """Return the singular values; nan where the observable is not defined on the samples left."""
    if gram is None:
        return np.full(leading.shape[1], np.nan)
    return pooled_values(gram, leading, equal)


def _sums(model: Autoencoder, x_nD: torch.Tensor, slices: list[slice], span_Ds: torch.Tensor,
          responses: Responses, each: Pieces) -> tuple[list[Sums], Sums]:
    """Return sums {name: float64 array}: of the samples in each slice, and of all samples."""
    d, (D, s) = model.latent, span_Ds.shape
    shapes = {'count': (), 'decoder': (d, d), 'autoencoder': (s, s),
              'transfer': (math.isqrt(D),) * 2, **responses.sums(d)}
    sums_b = [{name: x_nD.new_zeros(shape) for name, shape in shapes.items()} for _ in slices]
    whole, step = {'jacobian': x_nD.new_zeros(D, d)}, samples_at_once(D, d)
    pieces = [(b, slice(n, min(n + step, part.stop))) for b, part in enumerate(slices)
              for n in range(part.start, part.stop, step)]
    for b, piece in each(pieces):
        _add(sums_b[b], whole, model, x_nD[piece], span_Ds, responses)
    return [_arrays(sums) for sums in sums_b], _arrays(whole)


def _arrays(sums: Sums) -> Sums:
    return {name: tensor.cpu().numpy() for name, tensor in sums.items()}


@torch.no_grad()
def _add(sums: Sums, whole: Sums, model: Autoencoder, x_nD: torch.Tensor, span_Ds: torch.Tensor,
         responses: Responses) -> None:
    """Add what the samples contribute."""
    y_nd = model.encode(x_nD)
    jac_nDd, jac_ndD = decoder_jacobian(model, y_nd), encoder_jacobian(model, x_nD)
    sums['count'] += len(x_nD)
    whole['jacobian'] += jac_nDd.sum(0)
    sums['decoder'] += _gram(jac_nDd)
    sums['autoencoder'] += _gram(_thin_autoencoder_jacobian(jac_nDd, jac_ndD @ span_Ds))
    sums['transfer'] += transfer(jac_nDd, jac_ndD)
    responses.add(sums, model.decode(y_nd), jac_nDd)


def _thin_autoencoder_jacobian(jac_nDd: torch.Tensor, jac_nds: torch.Tensor) -> torch.Tensor:
    """Return R_n J_f, where J_g = Q_n R_n: it has the Gram matrix of J_g J_f, and d rows, not D."""
    return torch.linalg.qr(jac_nDd, mode='r').R @ jac_nds


def _gram(jac: torch.Tensor) -> torch.Tensor:
    """Return the sum of J^T J over all axes but the last."""
    rows = jac.flatten(0, -2)
    return rows.T @ rows
