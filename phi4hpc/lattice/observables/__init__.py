"""Observables, one a file, found by its name; `lattice.observable` says what such a file holds."""
