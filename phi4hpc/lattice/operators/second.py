"""phi(x) phi(x + 2 e): neighbours at distance 2 along an axis."""

LABEL = r'$\phi\phi_2$'
SITES = [(0, 0), (0, 2)]
TRUNCATION = 2
