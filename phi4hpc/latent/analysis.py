"""The latent analysis of one model: spectra of decoder, autoencoder, and decoder followed by observables.

One pass over the samples forms each Jacobian once and adds up Gram matrices block by block; everything else
is linear algebra on sums. That of the autoencoder is kept in the span of what the encoder looks at, outside of
which it vanishes: it is then no larger than d + h, however large the lattice.
Suffixes: n samples, D sites, d latents, o components of an observable, s the span of what the encoder looks at.
"""

import copy
import math

import numpy as np
import torch

from phi4hpc.latent import cumulant
from phi4hpc.latent.jacobians import decoder_jacobian, encoder_jacobian, observable_jacobian, samples_at_once, transfer
from phi4hpc.latent.observables import magnetisation, propagator
from phi4hpc.latent.spectra import lattice_images, right_directions, signed, singular_values
from phi4hpc.parallel.jackknife import block_slices, gather_blocks, jackknife

GRAMS = {
    'decoder': lambda sums: sums['decoder'] / sums['count'],
    'autoencoder': lambda sums: sums['autoencoder'] / sums['count'],
    'magnetisation': lambda sums: sums['magnetisation'][0] / sums['count'],
    'propagator': lambda sums: sums['propagator'] / sums['count'],
    'binder': lambda sums: cumulant.gram(*sums['moments'] / sums['count'],
                                         *sums['magnetisation'][1:] / sums['count']),
}


def analyse(comm, model, phi_nyx, first, total, directions, each=iter):
    """Return, on every rank, {name: arrays} for the names in GRAMS.

    `phi_nyx` are this rank's samples, numbered from `first` of `total` over all ranks. The arrays of a name
    are `singular_values` and `singular_values_error` (r,), jackknife over 16 blocks of neighbouring samples;
    `directions` (r_kept, d), at most `directions` right singular vectors in latent space, or (r_kept, D) on
    the input lattice for the autoencoder; `lattice_directions` (r_kept, y, x), the same as lattice images; for the
    autoencoder `transfer` and `transfer_error` (L, L) too, its response to plane waves by jacobians.transfer.
    All in float64; independent of the number of ranks to rounding. `each(pieces)` yields the pieces of this rank's
    work, before which it may raise.
    """
    model = copy.deepcopy(model).double()
    device = next(model.parameters()).device
    x_nD = torch.from_numpy(np.asarray(phi_nyx, dtype=np.float64)).flatten(1).to(device)
    span_Ds = torch.linalg.qr(model.sight().T).Q
    blocks = gather_blocks(comm, *_sums(model, x_nD, block_slices(first, len(x_nD), total), span_Ds, each))
    results = {name: _spectrum(comm, name, gram, blocks, directions, span_Ds.cpu().numpy())
               for name, gram in GRAMS.items()}
    value, error = jackknife(comm, blocks, lambda sums: sums['transfer'] / sums['count'])
    results['autoencoder'] |= {'transfer': value, 'transfer_error': error}
    return results


def _spectrum(comm, name, gram, blocks, directions, span_Ds):
    value, error = jackknife(comm, blocks, lambda sums: singular_values(gram(sums)))
    direction = right_directions(gram(blocks.total), directions)
    if name == 'autoencoder':
        sites, size = len(span_Ds), round(len(span_Ds) ** 0.5)
        value, error = (np.pad(array, (0, sites - len(array))) for array in (value, error))
        direction = signed(direction @ span_Ds.T)
        images = direction.reshape(-1, size, size)
    else:
        direction = signed(direction)
        images = lattice_images(blocks.total['jacobian'], direction)
    return {'singular_values': value, 'singular_values_error': error,
            'directions': direction, 'lattice_directions': images}


def _sums(model, x_nD, slices, span_Ds, each):
    """Return the sums that the spectra are made of, {name: float64 array}: of the samples in each slice, and of all."""
    d, (D, s) = model.latent, span_Ds.shape
    shapes = {'count': (), 'decoder': (d, d), 'autoencoder': (s, s), 'moments': (2,),
              'magnetisation': (4, d, d), 'propagator': (d, d), 'transfer': (math.isqrt(D),) * 2}
    sums_b = [{name: x_nD.new_zeros(shape) for name, shape in shapes.items()} for _ in slices]
    whole, step = {'jacobian': x_nD.new_zeros(D, d)}, samples_at_once(D, d)
    pieces = [(b, slice(n, min(n + step, part.stop))) for b, part in enumerate(slices)
              for n in range(part.start, part.stop, step)]
    for b, piece in each(pieces):
        _add(sums_b[b], whole, model, x_nD[piece], span_Ds)
    return [_arrays(sums) for sums in sums_b], _arrays(whole)


def _arrays(sums):
    return {name: tensor.cpu().numpy() for name, tensor in sums.items()}


@torch.no_grad()
def _add(sums, whole, model, x_nD, span_Ds):
    """Add what the samples contribute."""
    y_nd = model.encode(x_nD)
    decoded_nD = model.decode(y_nd)
    jac_nDd, jac_ndD = decoder_jacobian(model, y_nd), encoder_jacobian(model, x_nD)
    m_n = magnetisation(decoded_nD)
    slope_nd = observable_jacobian(magnetisation, decoded_nD, jac_nDd)[:, 0]

    sums['count'] += len(x_nD)
    whole['jacobian'] += jac_nDd.sum(0)
    sums['decoder'] += _gram(jac_nDd)
    sums['autoencoder'] += _gram(_thin_autoencoder_jacobian(jac_nDd, jac_ndD @ span_Ds))
    sums['transfer'] += transfer(jac_nDd, jac_ndD)
    sums['moments'] += torch.stack([m_n.pow(k).sum() for k in (2, 4)])
    sums['magnetisation'] += torch.stack([_gram(slope_nd * m_n.pow(k)[:, None]) for k in (0, 1, 2, 3)])
    sums['propagator'] += _gram(observable_jacobian(propagator, decoded_nD, jac_nDd))


def _thin_autoencoder_jacobian(jac_nDd, jac_nds):
    """Return R_n J_f, where J_g = Q_n R_n: the Gram matrix of J_g J_f from d rows a sample instead of D."""
    return torch.linalg.qr(jac_nDd, mode='r').R @ jac_nds


def _gram(jac):
    """Return the sum of J^T J over all axes but the last."""
    rows = jac.flatten(0, -2)
    return rows.T @ rows
