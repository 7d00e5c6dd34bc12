"""The product of the four corners of a square."""

LABEL = r'$\phi^4_\square$'
SITES = [(0, 0), (0, 1), (1, 0), (1, 1)]
TRUNCATION = 3
