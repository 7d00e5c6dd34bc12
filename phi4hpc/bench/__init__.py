"""How fast the parts are on this machine: `main` of each file times one, and prints a table."""
