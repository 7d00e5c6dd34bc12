"""The stages of a study: each is handed deck, communicator and device; table.py lists them."""
