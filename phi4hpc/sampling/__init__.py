"""Replicas at a ladder of hoppings, tempered over ranks."""
