"""phi(x)^2 phi(x + e)."""

LABEL = r'$\phi^2\phi_1$'
SITES = [(0, 0), (0, 0), (0, 1)]
TRUNCATION = 3
