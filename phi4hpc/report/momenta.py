"""What figures of propagators share."""

from typing import Any

import numpy as np

MOMENTUM = r'$\hat p$'
PROPAGATOR = r'$G(\hat p)$'


def over_momenta(estimates: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (p^, value, error) of a propagator, or of a ratio of two, as results.json keeps it."""
    p_hat, value, error = (np.array(estimates[part], float) for part in ('p_hat', 'value', 'error'))
    return p_hat, value, error
