"""What is known of the transition: kappa_c at many lambda, universal numbers of the Ising class.

kappa_c from here places the rungs of `ladder.critical`, and lines in figures; no result of a run
comes from it.
"""

import math
from collections.abc import Mapping

TABLE = {0.01: 0.26176, 0.014: 0.26511, 0.02: 0.26956, 0.03: 0.27587, 0.05: 0.28594,
         0.07: 0.29386, 0.1: 0.30328, 0.14: 0.31282, 0.2: 0.32317, 0.3: 0.33401, 0.5: 0.34353,
         0.7: 0.34493, 1.0: 0.34027, 1.4: 0.32907, 2.0: 0.31034, 3.0: 0.28441, 4.0: 0.26695,
         5.0: 0.25581, 7.0: 0.24356, 8.4: 0.23899, 10.0: 0.23554}
"""{lambda: kappa_c}, by short runs at L = 64 with phi4hpc itself, close enough to place rungs."""
ERROR = 0.00005
"""The error of every entry of TABLE, as LONG_RUNS show."""
LONG_RUNS = {0.01: (0.26171, 0.00001), 0.02: (0.26952, 0.00001), 0.1: (0.30323, 0.00002),
             1.0: (0.34030, 0.00002), 10.0: (0.23557, 0.00001)}
"""{lambda: (kappa_c, error)}, better known.

At lambda = 0.02, 0.1 and 1 an independent program found them; at 0.02 input/critical.yaml gives
0.2695160(45)(69), statistical and systematic. At 0.01 and 10 they are from runs of the same deck,
0.2617093(42)(65) and 0.2355646(78)(38), the latter averaged with 0.235578(10) from L = 64 alone.
"""
SMALLEST, LARGEST = min(TABLE), max(TABLE)
UNIVERSAL = {'binder': 0.6106924, 'correlation_ratio': 0.9050488292}
"""U* = 1 - V_4 / 3 and (xi / L)* at kappa_c, periodic squares (Salas, Sokal, cond-mat/9904038)."""
EXACT = {'nu': 1.0, 'beta/nu': 0.125, 'gamma/nu': 1.75}
"""Exponents of the Ising class in two dimensions (Onsager)."""


def tabulated(lam: float) -> bool:
    """Return whether kappa_c is known at lambda."""
    return SMALLEST <= lam <= LARGEST


def known(lam: float) -> tuple[float, float] | None:
    """Return (kappa_c, error) at a lambda for which a table has an entry, None at any other."""
    return LONG_RUNS.get(lam) or ((TABLE[lam], ERROR) if lam in TABLE else None)


def kappa_c(lam: float, table: Mapping[float, float] = TABLE) -> float:
    """Return kappa_c at a lambda within the range of the table.

    It is the cubic in ln lambda through the four nearest entries.
    """
    nearest = sorted(table, key=lambda known: abs(math.log(known / lam)))[:4]
    total = 0.0
    for node in nearest:
        others = [other for other in nearest if other != node]
        total += table[node] * math.prod(math.log(lam / other) / math.log(node / other)
                                         for other in others)
    return total
