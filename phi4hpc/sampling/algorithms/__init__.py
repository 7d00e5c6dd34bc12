"""The algorithms that a recipe may name, each in a file of that name;
phi4hpc/sampling/algorithm.py says what is in one."""
