"""phi^6."""

LABEL = r'$\phi^6$'
SITES = [(0, 0)] * 6
TRUNCATION = 3
