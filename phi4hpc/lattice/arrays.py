"""The type of what functions of the lattice take: arrays of NumPy, torch or CuPy alike.

They use methods that all of these have, and the functions of array_api_compat.array_namespace.
"""

from typing import Any

Array = Any
