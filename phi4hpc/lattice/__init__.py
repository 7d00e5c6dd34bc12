"""The model: its action, observables of draws, and exact results, for NumPy and torch alike."""
