"""Singular values of one sample, and of Jacobians that are not averaged over symmetries.

Without the average a Gram matrix over latents is that of this one training: its directions are
places and mixtures of waves that another training would choose differently. Latents are taken in
units in which they have unit covariance, so that values do not depend on how they are labelled.

Suffixes: d latents, D sites, k columns, r directions, y x lattice axes or momenta, o orbits.
"""

import numpy as np
import torch
from torch import Tensor

RESOLVED = 1e-6
"""Part of the largest singular value below which others are taken for rounding errors."""


def of_one_sample(jac_Dd: Tensor, jac_dD: Tensor) -> Tensor:
    """Return the singular values of the product of two Jacobians, (d,), largest first.

    They are resolved to float64's rounding of the largest: no Gram matrix is formed.
    """
    left_dd = torch.linalg.qr(jac_Dd, mode='r').R
    right_dd = torch.linalg.qr(jac_dD.T, mode='r').R
    return torch.linalg.svdvals(left_dd @ right_dd.T)


def root(covariance_dd: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a covariance matrix."""
    value_d, vector_dd = np.linalg.eigh(covariance_dd)
    return (vector_dd * np.sqrt(value_d.clip(0))) @ vector_dd.T


def spectrum(gram_dd: np.ndarray, root_dd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the singular values (d,) of a stack J with the Gram matrix <J^T J>, and its
    directions (r, d), largest first, both in units in which latents have unit covariance.

    The values are the roots of eigenvalues, resolved to 1e-8 of the largest. Directions of values
    below RESOLVED are noise, and are left out.
    """
    value_d, vector_dd = np.linalg.eigh(root_dd @ gram_dd @ root_dd)
    keep = np.flatnonzero(value_d >= RESOLVED**2 * value_d[-1])[::-1]
    return np.sqrt(value_d[::-1].clip(0)), vector_dd[:, keep].T


def decoded(mean_jac_Dd: np.ndarray,
            direction_rd: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return latent directions v with their signs, and as unit fields (r, L, L): <J> v / |<J> v|.

    J is the Jacobian of the decoder. The sign is such that the entry of the field of largest
    magnitude is positive. J is even under Z2, since the decoder is odd: the mean does not cancel in
    the symmetric ensemble.
    """
    image_rD = direction_rd @ mean_jac_Dd.T
    size, sign_r1 = round(len(mean_jac_Dd) ** 0.5), np.array([[_sign(v)] for v in image_rD])
    image_rD = image_rD / (sign_r1 * np.linalg.norm(image_rD, axis=1, keepdims=True))
    return direction_rd * sign_r1, image_rD.reshape(-1, size, size)


def powers(image_ryx: np.ndarray) -> np.ndarray:
    """Return |v~(p)|^2 of unit fields v, (r, L, L); the sum over momenta is 1."""
    return abs(np.fft.fft2(image_ryx)) ** 2 / image_ryx.shape[-1] ** 2


def _sign(vector: np.ndarray) -> float:
    """Return the sign of the largest entry; of those that agree to eight digits, of the first."""
    size = np.round(np.abs(vector) / np.abs(vector).max(), 8)
    return float(np.sign(vector[np.argmax(size)]))
