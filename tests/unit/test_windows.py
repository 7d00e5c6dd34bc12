"""Jacobians of convolutional models by windows, against those of torch.func."""

import pytest
import torch
from torch.func import jacrev, vmap

from phi4hpc.blockspin import windows
from tests.autoencoders import moved, network

MODELS = [(6, {}), (8, {'channels': 1, 'depth': 0}), (4, {'channels': 3, 'depth': 2}),
          (12, {'block': 1, 'channels': 1}), (2, {}), (6, {'averaged': True})]
"""Lattice sizes and settings: windows that are narrower than the torus and wider, up to 13 places
on a torus of two; and no residual layer, one and two."""


def made(L, settings):
    """Return a model with no weight left at its start, and three fields."""
    model = moved(network('convolutional', L=L, **settings)).double().requires_grad_(False)
    generator = torch.Generator().manual_seed(2)
    return model, torch.randn(3, L**2, dtype=torch.float64, generator=generator)


def both_sides(model, x_nD):
    return (model.encoder, x_nD), (model.decoder, model.encode(x_nD))


@pytest.mark.parametrize(('L', 'settings'), MODELS)
def test_windows_have_the_whole_jacobian_to_rounding(L, settings):
    for side, z_ni in both_sides(*made(L, settings)):
        expected = vmap(jacrev(lambda z_i, side=side: side(z_i[None])[0]))(z_ni)
        torch.testing.assert_close(side.jacobian(z_ni), expected, rtol=1e-12, atol=1e-13)


def test_a_field_that_is_shifted_by_a_block_has_the_same_jacobian_shifted():
    L, block = 8, 2
    model, x_nD = made(L, {'channels': 2})
    shape = *model.family.coarse(model.latent, L), L, L
    moved_nD = x_nD.unflatten(1, (L, L)).roll((block, 2 * block), (1, 2)).flatten(1)
    plain, there = (model.encoder.jacobian(x_nD).reshape(-1, *shape) for x_nD in (x_nD, moved_nD))
    shifted = plain.roll((1, 2, block, 2 * block), (2, 3, 4, 5))
    torch.testing.assert_close(there, shifted, rtol=1e-12, atol=1e-13)


def test_results_do_not_depend_on_how_many_windows_fit_into_memory(monkeypatch):
    model, x_nD = made(6, {})
    expected = [side.jacobian(z_ni) for side, z_ni in both_sides(model, x_nD)]
    monkeypatch.setattr(windows, 'BYTES', 1)
    for (side, z_ni), whole in zip(both_sides(model, x_nD), expected, strict=True):
        torch.testing.assert_close(side.jacobian(z_ni), whole, rtol=1e-12, atol=1e-13)
