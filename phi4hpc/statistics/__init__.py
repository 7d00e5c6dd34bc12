"""Means with errors that know about autocorrelation."""
