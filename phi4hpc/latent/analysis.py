"""The latent analysis of one model: what its autoencoder and observables after it do to waves.

The ensemble is symmetric under shifts and the eight symmetries of the square. Gram matrices are
averaged over these, exactly, before anything is made of them (latent/waves.py): singular values
then belong to plane waves, one to each orbit of momenta. They are of Jacobians by the field that
goes into the model. In units of its standard deviation, the roots of G(p), those are the Jacobians
by latents of unit covariance,

    |C^1/2 (d h/dy)^T| with C = J_f G J_f^T  =  |G^1/2 (d h(f(phi))/dphi)^T|,

so nothing depends on how latents are labelled, and every family is treated alike. In the space of
latents there is no such average: what is shown of it is of this one training (latent/singular.py).

One pass over the samples adds up sums of orbits, block by block of the jackknife. At the first
sample of each block the Jacobians are formed in full, for what one sample shows and for pictures of
directions.

Suffixes: n samples, D sites, w waves, d latents, j moments, o orbits, y x lattice axes or momenta,
r directions.
"""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phi4hpc.blockspin.autoencoder import Autoencoder
from phi4hpc.latent import angles, jacobians, multiplets, singular
from phi4hpc.latent.columns import Along, Jacobians
from phi4hpc.latent.cost import SINGLE
from phi4hpc.latent.response import Observables, Responses
from phi4hpc.latent.rows import as_rows
from phi4hpc.latent.tally import NOWHERE, Fields, Tally, cut, pieces
from phi4hpc.latent.waves import coordinates, diagonal, over_orbits, scaled, summed, waves
from phi4hpc.lattice.observable import Ensemble
from phi4hpc.lattice.orbits import numbered, symmetrised
from phi4hpc.logs import log
from phi4hpc.parallel.blocks import block
from phi4hpc.parallel.communicator import Communicator, summed_over
from phi4hpc.parallel.jackknife import block_slices, gather_blocks

Arrays = dict[str, np.ndarray]
Sums = dict[str, Any]            # tensors while they are added up, then NumPy arrays


def analyse(comm: Communicator, model: Autoencoder, phi_nyx: Fields, first: int, total: int,
            directions: int, observables: Observables, ensemble: Ensemble,
            tally: Tally = NOWHERE) -> dict[str, Arrays]:
    """Return {name: arrays}, on every rank: of `autoencoder`, `decoder` and each observable.

    `phi_nyx` are the samples of this rank, numbered from `first` of `total` over all ranks; they
    are draws of the `ensemble`. docs/data.md lists the arrays, which are those of latent.h5; there
    are `directions` leading directions at most. An observable that is not defined on these samples
    is left out, and the log says so. The result does not depend on the number of ranks, to
    rounding.
    """
    model = copy.deepcopy(model).double()
    work = Work(Jacobians(model), Responses(observables, ensemble),
                propagator(comm, phi_nyx, total, model))
    blocks = gather_blocks(comm, *work.sums(phi_nyx, first, total, tally))
    count_o = coordinates(model.L)['momenta']
    found = {'autoencoder': multiplets.of_autoencoder(comm, blocks, count_o, model.latent),
             'decoder': multiplets.of_decoder(comm, blocks, count_o)}
    for name in observables:
        found[name] = multiplets.of_observable(comm, blocks, work.responses, name, count_o)
        if not found[name]:
            log.warning('the response of %s to the latents is left out: it is not defined on what '
                        'the decoder makes of these samples, or there is none', name)
    defined = [name for name in observables if found[name]]
    if len(defined) > 1:
        found['angles'] = angles.between(comm, blocks, work.responses, defined, model.L)
    found = {name: arrays for name, arrays in found.items() if arrays}
    found = {name: arrays if name == 'angles' else coordinates(model.L) | arrays
             for name, arrays in found.items()}
    add_directions(found, work, blocks.total, directions)
    return found


def propagator(comm: Communicator, phi_nyx: Fields, total: int, model: Autoencoder) -> Tensor:
    """Return G(p) of the samples of all ranks, averaged over orbits, (L, L)."""
    L, weight = model.L, next(model.parameters())
    power_yx = sum((power(as_rows(phi_nyx[piece], weight), L).cpu().numpy()
                    for _, piece in pieces([slice(0, len(phi_nyx))], L)), np.zeros((L, L)))
    return torch.from_numpy(symmetrised(summed_over(comm, power_yx) / total)).to(weight)


def power(x_nD: Tensor, L: int) -> Tensor:
    """Return |phi~(p)|^2 / Omega at all momenta, (L, L), summed over samples."""
    modes_nw = waves(x_nD)
    return diagonal(modes_nw, modes_nw, L)


@dataclass(frozen=True)
class Work:
    """What a pass over the samples is made of: one model, in float64, and its ensemble."""

    jacobians: Jacobians
    responses: Responses
    propagator_yx: Tensor

    @property
    def model(self) -> Autoencoder:
        return self.jacobians.model

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the sums that are kept of every block."""
        L, d, orbits = self.model.L, self.model.latent, int(numbered(self.model.L).max()) + 1
        found = {'count': (), 'field': (orbits,), 'overlap': (L, L), 'value': (orbits,),
                 'samples': (), 'sample': (d,), 'sample in units': (d,),
                 'single': (SINGLE,), 'squares': (SINGLE, orbits),
                 'moments': (self.responses.count,), 'moments original': (self.responses.count,)}
        for name in self.responses.observables:
            pairs = len(self.responses.pairs(name)[0])
            found |= {f'{name}': (pairs, orbits), f'{name} original': (pairs, orbits),
                      f'{name} parity': (2,)}
        return found

    def shapes_of_all(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the sums over all samples, which get no jackknife error."""
        d, of_latents = self.model.latent, {}
        for name, observable in self.responses.observables.items():
            pairs = () if observable.is_mean else (len(self.responses.pairs(name)[0]),)
            of_latents[f'{name} of latents'] = (*pairs, d, d)
        return {'jacobian': (self.model.sites, d), 'metric': (d, d), 'covariance': (d, d),
                **of_latents}

    def sums(self, phi_nyx: Fields, first: int, total: int,
             tally: Tally) -> tuple[list[Sums], Sums]:
        """Return sums {name: float64 array}: of this rank's part of each block, and of all."""
        slices, zero = block_slices(first, len(phi_nyx), total), self.propagator_yx.new_zeros
        starts = [block(total, len(slices), b)[0] - first for b in range(len(slices))]
        sums_b = [{name: zero(shape) for name, shape in self.shapes().items()} for _ in slices]
        whole = {name: zero(shape) for name, shape in self.shapes_of_all().items()}
        step = jacobians.samples_at_once(self.model.sites,
                                         self.jacobians.width + self.responses.count)
        for b, piece in tally.over('spectra', cut(slices, step), [*sums_b, whole]):
            x_nD = as_rows(phi_nyx[piece], self.propagator_yx)
            self.add(sums_b[b], whole, x_nD, piece.start - starts[b])
            if piece.start == starts[b]:
                self.add_sample(sums_b[b], whole, x_nD[:1])
        return [_arrays(sums) for sums in sums_b], _arrays(whole)

    @torch.no_grad()
    def add(self, sums: Sums, whole: Sums, x_nD: Tensor, number: int) -> None:
        """Add what samples contribute to the means over the ensemble.

        `number` is that of the first of them in its block.
        """
        y_nd = self.model.encode(x_nD)
        along = self.jacobians.at(x_nD, y_nd)
        overlap_yx, value_yx = along.sums()
        sums['count'] += len(x_nD)
        sums['field'] += over_orbits(power(x_nD, self.model.L))
        sums['overlap'] += overlap_yx
        sums['value'] += over_orbits(value_yx)
        if number < SINGLE:
            square_no = over_orbits(along.squares(SINGLE - number))
            own = slice(number, number + len(square_no))
            sums['single'][own] += 1
            sums['squares'][own] += square_no
        self.add_responses(sums, whole, x_nD, self.model.decode(y_nd), along)

    def add_responses(self, sums: Sums, whole: Sums, x_nD: Tensor, z_nD: Tensor,
                      along: Along) -> None:
        """Add what observables do: of the fields z_nD that are decoded, and of the original."""
        responses = self.responses
        rows_njD, mirrored_njD = responses.rows(z_nD), responses.rows(-z_nD)
        rows_njd, rows_njw = along.pulled_back(rows_njD)
        original_njw = waves(responses.rows(x_nD))
        sums['moments'] += responses.moments(z_nD).sum(0)
        sums['moments original'] += responses.moments(x_nD).sum(0)
        for name in responses.observables:
            own = responses.columns_of(name)
            whole[f'{name} of latents'] += responses.of_latents(name, rows_njd)
            sums[name] += responses.of_waves(name, rows_njw)
            sums[f'{name} original'] += responses.of_waves(name, original_njw)
            sums[f'{name} parity'] += torch.stack([
                (rows_njD[:, own] * other[:, own]).sum() for other in (mirrored_njD, rows_njD)])

    @torch.no_grad()
    def add_sample(self, sums: Sums, whole: Sums, x_1D: Tensor) -> None:
        """Add what is made of the Jacobians of one sample in full."""
        y_1d = self.model.encode(x_1D)
        jac_Dd = jacobians.decoder_jacobian(self.model, y_1d)[0]
        jac_dD = jacobians.encoder_jacobian(self.model, x_1D)[0]
        in_units_dD = scaled(jac_dD, self.propagator_yx.sqrt())
        sums['samples'] += 1
        sums['sample'] += singular.of_one_sample(jac_Dd, jac_dD)
        sums['sample in units'] += singular.of_one_sample(jac_Dd, in_units_dD)
        whole['jacobian'] += jac_Dd
        whole['metric'] += jac_Dd.T @ jac_Dd
        whole['covariance'] += in_units_dD @ in_units_dD.T


def _arrays(sums: Sums) -> Sums:
    return {name: tensor.cpu().numpy() for name, tensor in sums.items()}


def add_directions(found: dict[str, Arrays], work: Work, sums: Sums, count: int) -> None:
    """Add the leading directions, in latents, of the decoder and of each observable. There is no
    average over symmetries.
    """
    root_dd = singular.root(sums['covariance'] / sums['samples'])
    grams = {'decoder': sums['metric'] / sums['samples']}
    for name in filter(found.__contains__, work.responses.observables):
        grams[name] = work.responses.gram_of_latents(
            name, sums[f'{name} of latents'] / sums['count'], sums['moments'] / sums['count'])
    spectra = {name: singular.spectrum(gram_dd, root_dd) for name, gram_dd in grams.items()}
    propagator_yx = work.propagator_yx.cpu().numpy()
    for name, (value_d, units_rd) in spectra.items():
        direction_rd, images_ryx = singular.decoded(sums['jacobian'], units_rd[:count] @ root_dd)
        power_ryx = singular.powers(images_ryx)
        found[name] |= {
            'singular_values': value_d, 'directions': direction_rd,
            'lattice_directions': images_ryx, 'power': summed(power_ryx),
            'direction_variance': (power_ryx * propagator_yx).sum((1, 2))}
