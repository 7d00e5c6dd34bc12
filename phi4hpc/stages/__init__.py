"""The stages of a study, each handed deck, communicator and device; table.py lists them in order."""
