"""Jacobians of decoder, autoencoder and observables after the decoder, and singular spectra."""
