"""phi^2."""

LABEL = r'$\phi^2$'
SITES = [(0, 0)] * 2
TRUNCATION = 1
