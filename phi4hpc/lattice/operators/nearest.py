"""phi(x) phi(x + e): nearest neighbours, the hopping."""

LABEL = r'$\phi\phi_1$'
SITES = [(0, 0), (0, 1)]
TRUNCATION = 1
