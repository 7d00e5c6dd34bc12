"""phi(x)^2 phi(x + e)^2."""

LABEL = r'$\phi^2\phi_1^2$'
SITES = [(0, 0), (0, 0), (0, 1), (0, 1)]
TRUNCATION = 4
