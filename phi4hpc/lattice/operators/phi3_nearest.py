"""phi(x)^3 phi(x + e)."""

LABEL = r'$\phi^3\phi_1$'
SITES = [(0, 0), (0, 0), (0, 0), (0, 1)]
TRUNCATION = 4
