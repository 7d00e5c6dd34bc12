"""Singular values and directions of Jacobians stacked over all samples, from Gram matrices.

The stack of N Jacobians J_n, divided by sqrt(N), has <J^T J> as its Gram matrix: its singular
values are the roots of the eigenvalues, its right singular vectors the eigenvectors. In float64
that resolves values down to 1e-8 of the largest. For an observable that is one number the stack is
N x d, and the spectrum says along how many latent directions it varies at all.

Suffixes: k the columns of a Jacobian, r directions, d latents, D sites.
"""

import numpy as np

RESOLVED = 1e-6
"""Part of the largest singular value below which others are taken for rounding errors."""


def singular_values(gram_kk: np.ndarray) -> np.ndarray:
    """Return the singular values of a stack with this Gram matrix, largest first."""
    return np.sqrt(np.linalg.eigvalsh(gram_kk)[::-1].clip(0.0))


def right_directions(gram_kk: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` leading right singular vectors, (r, k).

    Those of values below RESOLVED of the largest are noise, and are left out.
    """
    value_k, vector_kk = np.linalg.eigh(gram_kk)
    keep = np.flatnonzero(value_k >= RESOLVED**2 * value_k[-1])[::-1][:count]
    return vector_kk[:, keep].T


def signed(direction_rk: np.ndarray) -> np.ndarray:
    """Return directions (r, k) whose component of largest magnitude is positive.

    Where the magnitudes of several agree to eight digits, the first of these decides.
    """
    return np.array([vector * _sign(vector) for vector in direction_rk])


def lattice_images(mean_jac_Dd: np.ndarray, direction_rd: np.ndarray) -> np.ndarray:
    """Return latent directions v as unit fields (r, L, L): <J> v / |<J> v|.

    J is the Jacobian of the decoder. The left singular vector of the stacked decoder holds
    J_n v / s for sample n, so this is its mean over the ensemble. J is even under Z2, since the
    decoder is odd: the mean does not cancel in the symmetric ensemble.
    """
    image_rD = direction_rd @ mean_jac_Dd.T
    image_rD = image_rD / np.linalg.norm(image_rD, axis=1, keepdims=True)
    size = round(len(mean_jac_Dd) ** 0.5)
    return image_rD.reshape(-1, size, size)


def _sign(vector: np.ndarray) -> float:
    size = np.round(np.abs(vector) / np.abs(vector).max(), 8)
    return np.sign(vector[np.argmax(size)])
