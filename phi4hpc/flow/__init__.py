"""The flow under block spins: couplings of blocked ensembles, exponents, and their judgement."""
