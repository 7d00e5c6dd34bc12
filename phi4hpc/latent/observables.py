"""Observables of one configuration in torch, to be differentiated; x has shape (..., D), D = L^2 sites."""

import math

import torch


def magnetisation(x):
    """Return M = sum_x phi(x) / Omega, shape (...)."""
    return x.mean(-1)


def propagator(x):
    """Return |phi~(p)|^2 / Omega at p = 2 pi n / L, n = 0 to L/2, averaged over both axes: (..., L/2 + 1)."""
    phi = lattice(x)
    along_x, along_y = torch.fft.rfft(phi.sum(-2)), torch.fft.rfft(phi.sum(-1))
    return (along_x.abs().square() + along_y.abs().square()) / (2 * x.shape[-1])


def lattice(x):
    """Return x as fields (..., L, L)."""
    size = math.isqrt(x.shape[-1])
    return x.unflatten(-1, (size, size))
