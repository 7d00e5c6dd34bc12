"""Fields as rows of sites, x_nD, which networks take, and back as fields (n, y, x)."""

import math

import numpy as np
import torch
from torch import Tensor


def as_rows(phi_nyx: np.ndarray, like: Tensor) -> Tensor:
    """Return fields (n, y, x) as x_nD, of the type and on the device of a tensor."""
    return torch.from_numpy(np.ascontiguousarray(phi_nyx)).to(like).flatten(1)


def as_fields(x: Tensor) -> Tensor:
    """Return rows x (..., D) as fields (..., L, L)."""
    size = math.isqrt(x.shape[-1])
    return x.unflatten(-1, (size, size))
