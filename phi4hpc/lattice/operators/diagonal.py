"""phi(x) phi(x + e1 + e2): neighbours along a diagonal."""

LABEL = r'$\phi\phi_{11}$'
SITES = [(0, 0), (1, 1)]
TRUNCATION = 2
