"""Slopes that are written by hand are those of the functions, also of their slopes in turn."""

import pytest
import torch
from torch.nn import functional

from phi4hpc.blockspin.slopes import around, softsign


def fields(*shape):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1),
                       requires_grad=True)


def test_softsign_is_torchs():
    z = fields(2, 3)
    torch.testing.assert_close(softsign(z), functional.softsign(z))
    assert torch.autograd.gradcheck(softsign, z)
    assert torch.autograd.gradgradcheck(softsign, z)
    assert torch.autograd.gradcheck(softsign, z, check_forward_ad=True)


@pytest.mark.parametrize('size', [(1, 1), (1, 3), (2, 2), (3, 4)])
def test_the_border_is_what_lies_across_the_edges_of_the_torus(size):
    z = fields(2, 3, *size)
    assert torch.equal(around(z), functional.pad(z, (1, 1, 1, 1), mode='circular'))
    assert torch.autograd.gradcheck(around, z, check_batched_grad=True)
    assert torch.autograd.gradgradcheck(around, z, check_batched_grad=True)
    assert torch.autograd.gradcheck(around, z, check_forward_ad=True)


def test_torch_func_differentiates_them_in_both_directions():
    z = fields(2, 3, 4).detach()
    for function in (softsign, around):
        forward, backward = (torch.func.vmap(mode(function))(z[:, None])
                             for mode in (torch.func.jacfwd, torch.func.jacrev))
        torch.testing.assert_close(forward, backward)
