"""The Binder cumulant U = 1 - m4 / (3 m2^2) as a function of every sample's latent.

With m_k = sum_n M_n^k / N over the decoded samples,

    N dU/dy_n = c(M_n) dM_n/dy_n,   c(M) = -4 M^3 / (3 m2^2) + 4 m4 M / (3 m2^3).

So the Gram matrix of these gradients needs but three sums over samples, sum_n M_n^k dM_n/dy_n (dM_n/dy_n)^T
with k = 2, 4, 6, and the moments: leaving samples out changes c too, and the jackknife knows.
"""


def coefficients(m2, m4):
    """Return (a, b) of c(M) = a M^3 + b M."""
    return -4 / (3 * m2**2), 4 * m4 / (3 * m2**3)


def gram(m2, m4, gram2_dd, gram4_dd, gram6_dd):
    """Return <(N dU/dy)^T (N dU/dy)> from the moments and the means of M^k (dM/dy)^T dM/dy, k = 2, 4, 6."""
    a, b = coefficients(m2, m4)
    return a**2 * gram6_dd + 2 * a * b * gram4_dd + b**2 * gram2_dd
