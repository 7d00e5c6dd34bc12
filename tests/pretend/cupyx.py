"""What goes with tests/pretend/cupy.py."""

from numpy import empty as empty_pinned  # noqa: F401
