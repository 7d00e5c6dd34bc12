"""phi(x) phi(x + e1 + 2 e2): a knight's move apart."""

LABEL = r'$\phi\phi_{12}$'
SITES = [(0, 0), (1, 2)]
TRUNCATION = 4
