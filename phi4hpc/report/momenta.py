"""What figures of propagators share."""

from typing import Any

import numpy as np

from phi4hpc.report.study import Entry, spread

MOMENTUM = r'$\hat p$'
PROPAGATOR = r'$G(\hat p)$'


def over_momenta(estimates: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (p^, value, error) of a propagator, or of a ratio of two, as results.json keeps it."""
    p_hat, value, error = (np.array(estimates[part], float) for part in ('p_hat', 'value', 'error'))
    return p_hat, value, error


def both_phases(entries: list[Entry], count: int) -> list[Entry]:
    """Return up to `count` of some entries by kappa, half of them with a fit of the free form.

    Where one half has fewer, the other has more.
    """
    fitted = [entry for entry in entries if entry.get('free_form')]
    others = [entry for entry in entries if not entry.get('free_form')]
    half = max(count - len(others), -(-count // 2)) if fitted else 0
    shown = spread(fitted, half) + spread(others, count - min(half, len(fitted)))
    return sorted(shown, key=lambda entry: entry['kappa'])
