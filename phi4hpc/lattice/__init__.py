"""The action, the observables and the exact results, in NumPy: the reference every kernel is tested against."""
