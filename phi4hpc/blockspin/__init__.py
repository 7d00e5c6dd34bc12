"""Autoencoders A = g o f read as block-spin transformations, and their training."""
