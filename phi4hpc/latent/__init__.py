"""Jacobians of decoder, autoencoder and observable after decoder, and their singular spectra."""
