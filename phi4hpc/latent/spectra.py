"""Singular values and directions of Jacobians stacked over all samples, from Gram matrices.

The stack of N Jacobians J_n, divided by sqrt(N), has <J^T J> as its Gram matrix: its singular values are the
roots of the eigenvalues, its right singular vectors the eigenvectors. In float64 that resolves values down to
1e-8 of the largest. For a scalar observable the stack is N x d: the spectrum tells along how many latent
directions it varies at all.
"""

import numpy as np

RESOLVED = 1e-6


def singular_values(gram_kk):
    """Return the singular values of a stack of Gram matrix `gram_kk`, largest first."""
    return np.sqrt(np.linalg.eigvalsh(gram_kk)[::-1].clip(0.0))


def right_directions(gram_kk, count):
    """Return at most `count` leading right singular vectors (r, k).

    Those of values below RESOLVED of the largest are noise, and are left out.
    """
    value_k, vector_kk = np.linalg.eigh(gram_kk)
    keep = np.flatnonzero(value_k >= RESOLVED**2 * value_k[-1])[::-1][:count]
    return vector_kk[:, keep].T


def signed(direction_rk):
    """Return directions (r, k) with the component of largest magnitude positive; the first, where several agree to
    eight digits."""
    return np.array([vector * _sign(vector) for vector in direction_rk])


def lattice_images(mean_jac_Dd, direction_rd):
    """Return latent directions as unit fields (r, L, L): <J> v / |<J> v|, with J the decoder's Jacobian.

    J_n v / s is what the stacked decoder's left singular vector holds for sample n, so this is its mean over
    the ensemble. J is even under Z2, since the decoder is odd: the mean does not cancel in the symmetric
    ensemble.
    """
    image_rD = direction_rd @ mean_jac_Dd.T
    image_rD = image_rD / np.linalg.norm(image_rD, axis=1, keepdims=True)
    size = round(len(mean_jac_Dd) ** 0.5)
    return image_rD.reshape(-1, size, size)


def _sign(vector):
    size = np.round(np.abs(vector) / np.abs(vector).max(), 8)
    return np.sign(vector[np.argmax(size)])
