"""Whether chains agree with each other: split R-hat, and how many independent draws there are.

Chains start hot and cold by turns, so in an ensemble that is not thermalised chains disagree.
Source: Gelman et al., Bayesian Data Analysis, 3rd edition, section 11.4; thresholds as in
arXiv:1903.08008.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

LARGEST_R_HAT = 1.01
FEWEST_EFFECTIVE = 100


def split_r_hat(series_cn: np.ndarray) -> float | None:
    """Return R-hat of a series (chain, draw), each chain cut into halves: 1 where all agree.

    A chain that drifts disagrees with itself. None where no half varies: chains that do not move
    neither agree nor disagree.
    """
    half = series_cn.shape[1] // 2
    halves = np.concatenate([series_cn[:, :half], series_cn[:, -half:]])
    if not np.ptp(halves, axis=1).any():
        return None
    within, between = halves.var(1, ddof=1).mean(), half * halves.mean(1).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / (half * within)))


def convergence(series: Sequence[np.ndarray], taus: Sequence[float]) -> dict[str, float | None]:
    """Return {'r_hat', 'effective_draws'}, the worst of some series (chain, draw).

    `taus` are their integrated autocorrelation times. Both are None where one of the series does
    not vary within any chain.
    """
    r_hats = [split_r_hat(s) for s in series]
    if None in r_hats:
        return {'r_hat': None, 'effective_draws': None}
    return {'r_hat': max(r_hat for r_hat in r_hats if r_hat is not None),
            'effective_draws': min(s.size / (2 * tau) for s, tau in zip(series, taus, strict=True))}


def doubts(entry: Mapping[str, Any]) -> list[str]:
    """Return, in words, what speaks against the means of an entry of results.json, if anything."""
    if None in (entry['r_hat'], entry['effective_draws']):
        return ['draws do not vary within chains']
    said = []
    if entry['r_hat'] > LARGEST_R_HAT:
        said.append(f'R-hat is {entry["r_hat"]:.4f}, above {LARGEST_R_HAT}')
    if entry['effective_draws'] < FEWEST_EFFECTIVE:
        said.append(f'there are {entry["effective_draws"]:.0f} effective draws, fewer than '
                    f'{FEWEST_EFFECTIVE}')
    return said
