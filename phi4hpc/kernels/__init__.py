"""CUDA C sources, compiled at run time by `phi4hpc.device` for the host or for a GPU."""
