"""phi^4."""

LABEL = r'$\phi^4$'
SITES = [(0, 0)] * 4
TRUNCATION = 1
