"""The product of three sites in a row along an axis."""

LABEL = r'$\phi^3_-$'
SITES = [(0, 0), (0, 1), (0, 2)]
TRUNCATION = 3
