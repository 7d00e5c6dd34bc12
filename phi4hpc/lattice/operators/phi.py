"""phi: the magnetisation, times Omega."""

LABEL = r'$\phi$'
SITES = [(0, 0)]
TRUNCATION = 1
