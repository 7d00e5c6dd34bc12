"""phi^3."""

LABEL = r'$\phi^3$'
SITES = [(0, 0)] * 3
TRUNCATION = 1
