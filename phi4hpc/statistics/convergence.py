"""Whether chains tell the same story: split R-hat, and how many independent draws there are.

Chains start hot and cold by turns, so an ensemble that is not thermalised shows as chains that disagree.
Source: Gelman et al., Bayesian Data Analysis, 3rd edition, section 11.4; thresholds as in arXiv:1903.08008.
"""

import numpy as np

LARGEST_R_HAT = 1.01
FEWEST_EFFECTIVE = 100


def split_r_hat(series_cn):
    """Return R-hat of a series (chain, draw), each chain cut into halves: 1 where all of them agree.

    A chain that drifts disagrees with itself. A constant series has R-hat 1.
    """
    half = series_cn.shape[1] // 2
    halves = np.concatenate([series_cn[:, :half], series_cn[:, -half:]])
    within, between = halves.var(1, ddof=1).mean(), half * halves.mean(1).var(ddof=1)
    return float(np.sqrt((half - 1) / half + between / (half * within))) if within > 0 else 1.0


def convergence(series, taus):
    """Return {'r_hat', 'effective_draws'}, the worst of some series (chain, draw) with their tau_int."""
    return {'r_hat': max(split_r_hat(s) for s in series),
            'effective_draws': min(s.size / (2 * tau) for s, tau in zip(series, taus, strict=True))}


def doubts(entry):
    """Return what speaks against the means of an entry of results.json, as words; empty where nothing does."""
    said = []
    if entry['r_hat'] > LARGEST_R_HAT:
        said.append(f'R-hat is {entry["r_hat"]:.3f}, above {LARGEST_R_HAT}')
    if entry['effective_draws'] < FEWEST_EFFECTIVE:
        said.append(f'there are {entry["effective_draws"]:.0f} effective draws, fewer than {FEWEST_EFFECTIVE}')
    return said
