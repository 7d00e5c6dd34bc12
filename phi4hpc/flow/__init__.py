"""The flow: block spins applied again and again, the couplings and exponents of what comes out."""
