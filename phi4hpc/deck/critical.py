"""Where the transition is, well enough to place the rungs of `ladder.critical` about it; no result comes from here."""

import math

TABLE = {0.01: 0.26176, 0.014: 0.26511, 0.02: 0.26956, 0.03: 0.27587, 0.05: 0.28594, 0.07: 0.29386, 0.1: 0.30328,
         0.14: 0.31282, 0.2: 0.32317, 0.3: 0.33401, 0.5: 0.34353, 0.7: 0.34493, 1.0: 0.34027, 1.4: 0.32907,
         2.0: 0.31034, 3.0: 0.28441, 4.0: 0.26695, 5.0: 0.25581, 7.0: 0.24356, 8.4: 0.23899, 10.0: 0.23554}
"""{lambda: kappa_c}, by short runs at L = 64 with phi4hpc itself; errors about 0.00003."""
SMALLEST, LARGEST = min(TABLE), max(TABLE)
DIGITS = 6                       # of a hopping, so that it is the same number wherever it was computed


def tabulated(lam):
    """Return whether kappa_c is known at lambda."""
    return SMALLEST <= lam <= LARGEST


def kappa_c(lam, table=TABLE):
    """Return kappa_c at a lambda of the table's range: the cubic in ln lambda through the four nearest entries."""
    nearest = sorted(table, key=lambda known: abs(math.log(known / lam)))[:4]
    total = 0.0
    for node in nearest:
        others = [other for other in nearest if other != node]
        total += table[node] * math.prod(math.log(lam / other) / math.log(node / other) for other in others)
    return total


def placed(deck):
    """Return the deck with the rungs of `ladder.critical` as kappas; any other deck as it is."""
    if deck.ladder.critical is None:
        return deck
    middle = kappa_c(deck.action.lam)
    kappas = [round(middle + difference, DIGITS) for difference in deck.ladder.critical]
    return deck.model_copy(update={'ladder': deck.ladder.model_copy(update={'kappas': kappas, 'critical': None})})
