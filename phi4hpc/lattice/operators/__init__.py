"""Operators, one a file, found by their names; lattice/operator.py says what such a file holds."""
