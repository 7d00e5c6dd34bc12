"""The product of three sites along two diagonals that meet."""

LABEL = r'$\phi^3_\wedge$'
SITES = [(0, 0), (1, 1), (0, 2)]
TRUNCATION = 4
