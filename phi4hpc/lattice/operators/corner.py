"""The product of three corners of a square."""

LABEL = r'$\phi^3_\llcorner$'
SITES = [(0, 0), (0, 1), (1, 0)]
TRUNCATION = 2
