"""The run directory: which deck made it, which stages are done, and what may be done in it."""
