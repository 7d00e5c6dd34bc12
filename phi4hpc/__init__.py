"""Lattice phi^4 at a ladder of hoppings, neural block spinning, and the Jacobians of what it keeps."""

__version__ = '0.1.0'
