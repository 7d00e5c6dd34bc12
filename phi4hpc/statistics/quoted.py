"""Numbers of results.json as pyerrors.Obs: values with quoted errors, without their fluctuations.

Each stands alone: pyerrors takes a function of several of them as one of independent numbers. Means
that are made from draws, and the points and exponents of transition.json.gz, know what they share.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pyerrors import Obs

ESTIMATE = {'value', 'error', 'tau_int', 'tau_int_error', 'window'}
"""The keys of an estimate. Where there are no others, the Obs takes the place of all of them."""


def with_obs(plain: Any, name: str = 'results') -> Any:
    """Return plain values in which an Obs takes the place of each `value` with its `error`.

    Where these are lists they become an array of Obs, and lists beside them become arrays. What is
    not defined is None. The `name` and the keys on the way make the names of the Obs.
    """
    if isinstance(plain, list):
        return [with_obs(entry, f'{name}.{number}') for number, entry in enumerate(plain)]
    if not isinstance(plain, dict):
        return plain
    if not {'value', 'error'} <= plain.keys():
        return {key: with_obs(entry, f'{name}.{key}') for key, entry in plain.items()}
    rest = {key: entry for key, entry in plain.items() if key not in ESTIMATE}
    value: Any
    if isinstance(plain['value'], list):
        value = _array(plain['value'], plain['error'], name)
        rest = {key: np.array(entry) for key, entry in rest.items()}
    else:
        value = _obs(plain['value'], plain['error'], name)
    return {**rest, 'value': value} if rest else value


def _array(values: list[float | None], errors: list[float | None], name: str) -> np.ndarray:
    """Return an array of Obs."""
    pairs = enumerate(zip(values, errors, strict=True))
    return np.array([_obs(*pair, f'{name}.{number}') for number, pair in pairs], object)


def _obs(value: float | None, error: float | None, name: str) -> 'Obs | None':
    """Return a value with its error as an Obs of that name, None where it is not defined."""
    from pyerrors import cov_Obs

    return None if value is None or error is None else cov_Obs(value, error**2, name)
